"""What the answers mean, and which of them contradict each other."""
