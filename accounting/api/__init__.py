"""What the programming interface tells of calls, and what its other parts share: the door and the shapes."""
