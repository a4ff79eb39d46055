"""Building blocks of pages. One component a file; state lives in its object, one per page load."""
