"""kombu's Redis transport, corrected: an acknowledgement that times out still frees its place.

kombu 5.7.0 keeps counting such a message as unacknowledged, and a worker with as many of them as its
concurrency receives no message any more. Reproduced with a broker frozen for 40 s:
`make chaos ONLY=freeze_services`.
"""

from __future__ import annotations

from kombu.transport import redis, virtual


class QoS(redis.QoS):  # type: ignore[misc] # kombu has no types
    def ack(self, delivery_tag: str) -> None:
        """If the broker keeps the message and delivers it again, the claim in the ledger drops it."""
        try:
            super().ack(delivery_tag)
        except self.channel.connection_errors:
            virtual.QoS.ack(self, delivery_tag)
            raise


class Channel(redis.Channel):  # type: ignore[misc]
    QoS = QoS


class Transport(redis.Transport):  # type: ignore[misc]
    Channel = Channel
