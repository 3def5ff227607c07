"""What a job made, for programs and pages: as one ZIP file, as tables, and image by image."""
