"""What a failed painting leaves on an image: a grid, seams, noise, lost highlights; each as one figure.

Each compares with the input, so that what was there before is no fault. Images are luma, uint8 (height,
width), where nothing else is said.
"""
