"""What can be done with a picture and a model: plain Python, no service imports another."""
