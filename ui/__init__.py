"""What people meet: the page, the HTTP API, the command line. Imports all."""
