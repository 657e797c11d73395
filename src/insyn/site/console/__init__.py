"""The site's console: pages, media and API."""
