"""The catalog in a browser: Datasette, with what the server says of its columns."""
