"""The gateway process, with the settings of the environment."""

from qie_batch.gateway.server import serve
from qie_batch.settings import Settings

if __name__ == "__main__":
    serve(Settings())
