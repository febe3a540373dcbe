"""What a Prometheus server reads."""

from cockpit.health.exporters import prometheus
from cockpit.health.status import FeedStatus, HealthRow, ProcessStatus, ProviderStatus, State, TaskStatus, Window

ROWS: dict[str, HealthRow] = {
    "feed": FeedStatus("binance", State.UP, rate=54.5, received=12_345_678, last_message_at=3.0),
    "process": ProcessStatus(cpu=None, rss_bytes=1000),
    "provider:tradier": ProviderStatus("tradier", State.DEGRADED, (Window(120, 60.0, 84, 38.0),)),
    'task:a"b': TaskStatus('a"b', State.UP, 1),
}


def test_every_known_figure_is_a_gauge_with_its_label() -> None:
    lines = prometheus(ROWS).splitlines()
    assert 'cockpit_feed_rate{feed="binance"} 54.5' in lines
    assert 'cockpit_feed_received{feed="binance"} 12345678' in lines
    assert 'cockpit_feed_up{feed="binance"} 1' in lines
    assert 'cockpit_provider_up{provider="tradier"} 0' in lines
    assert 'cockpit_provider_limit_used{provider="tradier",seconds="60"} 84' in lines
    assert "cockpit_process_rss_bytes 1000" in lines
    assert 'cockpit_task_restarts{task="a\\"b"} 1' in lines


def test_the_unknown_is_left_out() -> None:
    told = prometheus(ROWS)
    assert "cpu" not in told
    assert "lag_ms" not in told
    assert "last_message_at" not in told


def test_a_metric_has_one_type_line_and_its_samples_together() -> None:
    told = prometheus({**ROWS, "provider:alpha": ProviderStatus("alpha", State.UP)}).splitlines()
    types = [line for line in told if line.startswith("# TYPE")]
    assert len(types) == len(set(types))
    names = [line.split("{")[0].split(" ")[0] for line in told if not line.startswith("#")]
    assert [name for index, name in enumerate(names) if name in names[:index] and names[index - 1] != name] == []
