"""Cut-outs by a model: `models` knows the files, `inference` runs one, `cutter` tests and uses its mask."""
