"""kombu's Redis transport, in which an acknowledgement that times out still counts as done.

kombu 5.7.0 keeps counting such a message as unacknowledged, and a worker with as many such messages as its
concurrency receives no more messages. Reproduced with a broker frozen for 40 s:
`make chaos ONLY=freeze_services`.
"""

from __future__ import annotations

from kombu.transport import redis, virtual


class QoS(redis.QoS):  # type: ignore[misc] # kombu has no types
    def ack(self, delivery_tag: str) -> None:
        """Count the message as done; should the broker deliver it again, the ledger refuses the claim."""
        try:
            super().ack(delivery_tag)
        except self.channel.connection_errors:
            virtual.QoS.ack(self, delivery_tag)
            raise


class Channel(redis.Channel):  # type: ignore[misc]
    QoS = QoS


class Transport(redis.Transport):  # type: ignore[misc]
    Channel = Channel
