"""Mail that arrives: whether it comes from whom it says, and what it reports of mail that left."""
