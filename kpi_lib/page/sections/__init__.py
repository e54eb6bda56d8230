"""One module a subject of the page; each function returns a Fragment."""
