"""kombu's Redis transport, less one trap: an acknowledgement that times out costs a slot for ever.

The message then stays among those that the worker has in hand, as it counts them, and after as many stalls
of the broker as it has slots it takes no message any more, alive and deaf (kombu 5.7.0). Seen with a broker
frozen for 40 s: `make chaos ONLY=freeze_services`.
"""

from __future__ import annotations

from kombu.transport import redis, virtual


class QoS(redis.QoS):  # type: ignore[misc] # kombu has no types
    def ack(self, delivery_tag: str) -> None:
        """Whatever the broker keeps of the message: sent again, it is dropped at the claim."""
        try:
            super().ack(delivery_tag)
        except self.channel.connection_errors:
            virtual.QoS.ack(self, delivery_tag)
            raise


class Channel(redis.Channel):  # type: ignore[misc]
    QoS = QoS


class Transport(redis.Transport):  # type: ignore[misc]
    Channel = Channel
