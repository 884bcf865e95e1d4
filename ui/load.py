"""What keeps a serving process steady, put together: limits, the queue before the assistant, and the figures of both.

Knows which part tells which. What each does is in its own module.
"""

from dataclasses import dataclass

from chat.settings import Settings
from ui.admission import Admission, Admitted
from ui.limits import Limits, allowed
from ui.metrics import Metrics
from ui.opening import Serving


@dataclass(frozen=True)
class Load:
    """One process's; whoever answers shoppers asks ``assistant``, and never the one behind it."""

    limits: Limits
    admission: Admission
    metrics: Metrics
    assistant: Admitted

    @staticmethod
    def of(serving: Serving, settings: Settings) -> "Load":
        """As the settings say; SetupError for a limit that is none."""
        metrics = Metrics()
        limits = Limits(allowed(settings), refused=metrics.rejected)
        admission = Admission(
            most_running=settings.api_open_answers,
            most_waiting=settings.api_waiting_answers,
            longest_wait_s=settings.api_waiting_s,
            refused=metrics.rejected,
        )
        metrics.watch("shoptalk_answers_running", "Answers that are being made.", lambda: admission.running)
        metrics.watch("shoptalk_answers_waiting", "Answers that wait for their turn.", lambda: admission.waiting)
        metrics.watch_breaker(lambda: serving.llm.breaker)
        serving.assistant.watchers.append(metrics.ended)
        return Load(limits, admission, metrics, Admitted(serving.assistant, admission, limits))
