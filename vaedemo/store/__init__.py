"""What lies in checkpoints/: files, their names, and the library that loads them."""
