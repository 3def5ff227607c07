"""What looks at pixels: arrays of uint8, (height, width, 3), RGB; no input is changed."""
