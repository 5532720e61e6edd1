/* Between longitude and latitude and the county's own zone, in metres. The site is kept in metres; degrees are for drawing only. */

const MILLIMETRES = 1000;

export function makePlane(definition) {
  const change = proj4("+proj=longlat +ellps=GRS80 +no_defs", definition);
  return {
    /** [east, north] in metres, to the millimetre. */
    fromLatLng({ lat, lng }) {
      return change.forward([lng, lat]).map((value) => Math.round(value * MILLIMETRES) / MILLIMETRES);
    },
    toLatLng([east, north]) {
      const [lng, lat] = change.inverse([east, north]);
      return L.latLng(lat, lng);
    },
  };
}
