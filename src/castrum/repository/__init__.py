"""A generated service in its git repository: files, commits, index, and the writing of many files at once."""
