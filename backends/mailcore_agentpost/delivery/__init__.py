"""Mail that leaves: the queue is worked off, what fails is tried again, and senders are told."""
