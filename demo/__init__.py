"""Our own demo shop: its catalogue, its shoppers, their events, and the script that makes them."""
