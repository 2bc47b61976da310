"""What each route does: decode nothing, decide nothing; ask the service and shape its answer."""
