"""The guided tour: invented sample lists in the official formats, and a customer file."""
