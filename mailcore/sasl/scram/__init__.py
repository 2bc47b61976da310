"""SCRAM: the password is proven, never sent, and the server proves that it knows it (RFC 5802)."""
