"""Folium maps of the layers: frames and plain data in, a rendered map out."""
