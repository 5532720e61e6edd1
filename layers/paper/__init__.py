"""The paper of a check: an A4 PDF in the manner of official papers, its signature, and the proof that nothing in it was changed."""
