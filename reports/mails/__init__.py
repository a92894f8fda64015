"""Reports by mail: who gets them, how they are worded and composed, and how they are sent."""
