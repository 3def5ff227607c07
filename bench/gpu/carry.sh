#!/bin/sh
# Packages for a GPU machine without a network, which has Python 3.12 and torch but not diffusers.
#
#   bench/gpu/carry.sh fetch      here: wheels of the pinned versions into .wheels (25 MB)
#   bench/gpu/carry.sh install    there: from .wheels into .site, then
#
#     export PYTHONPATH=.site:.
#     python3 -m pytest --noconftest -o addopts= -p no:cacheprovider tests/gpu
#     python3 bench/gpu/ladder.py --out .ladder
#
# Carry the folders .wheels and .ladder with the checkout; git ignores both. What the machine has (torch,
# tokenizers, safetensors, numpy, Pillow) is not carried.
set -eu
cd "$(dirname "$0")/../.."
PACKAGES="accelerate diffusers importlib_metadata peft transformers zipp"

case "${1:-}" in
fetch)
    mkdir -p .wheels
    for package in $PACKAGES; do
        pin=$(grep "^$package==" constraints.txt)
        python -m pip download --quiet --no-deps --only-binary=:all: --dest .wheels \
            --python-version 3.12 --implementation cp --platform manylinux_2_28_x86_64 \
            --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 "$pin"
    done
    du -sh .wheels
    ;;
install)
    python3 -m pip install --quiet --no-index --no-deps --upgrade --target .site .wheels/*.whl
    PYTHONPATH=.site:. python3 -c "
import diffusers, torch, transformers
import qie_batch.engines.qwen.editing
print('torch', torch.__version__, 'diffusers', diffusers.__version__, 'transformers', transformers.__version__)
print('CUDA device:', torch.cuda.get_device_name() if torch.cuda.is_available() else 'none')"
    ;;
*)
    sed -n '2,13s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
