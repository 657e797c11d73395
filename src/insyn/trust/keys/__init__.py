"""The office's key set, the root that names it, and the site's own key."""
