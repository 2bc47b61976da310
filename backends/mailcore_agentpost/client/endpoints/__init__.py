"""Every request that the API takes, once; the clients make methods of them."""
