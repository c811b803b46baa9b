"""Traces that a Python OpenTelemetry SDK itself writes, imported by `backstep import`.

usage: otel_sdk_peer.py BACKSTEP FOLDER

Makes one run of two agents with model and tool calls, writes it the ways the SDK has (protobuf, the
protobuf's JSON, lines of that, the console's text), imports each and compares with what was made.
"""
import json
import pathlib
import subprocess
import sys

from google.protobuf.json_format import MessageToJson
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode

ROUNDS = 5


def make_spans():
    kept = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource.create({"service.name": "peer"}))
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("peer", "1.0")
    with tracer.start_as_current_span("session", attributes={"session.id": "peer-1"}):
        for number in range(ROUNDS):
            for agent in ("planner", "worker"):
                attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent}
                with tracer.start_as_current_span("invoke_agent " + agent, attributes=attributes):
                    call(tracer, number)
    return kept.get_finished_spans()


def call(tracer, number):
    model = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "model-1",
             "gen_ai.usage.input_tokens": 10 + number, "gen_ai.usage.output_tokens": 3,
             "gen_ai.input.messages": json.dumps([{"role": "user", "content": "n\u00e4chste?"}])}
    with tracer.start_as_current_span("chat model-1", kind=SpanKind.CLIENT, attributes=model):
        pass
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}
    with tracer.start_as_current_span("execute_tool search", attributes=tool) as span:
        if number == 2:
            span.record_exception(ValueError("no such page"))
            span.set_status(Status(StatusCode.ERROR, "no such page"))


def write_files(spans, folder):
    request = encode_spans(spans)
    half = len(spans) // 2
    lines = [encode_spans(spans[:half]), encode_spans(spans[half:])]
    texts = {
        "protobuf.pb": request.SerializeToString(),
        "protobuf.json": MessageToJson(request).encode(),
        "lines.jsonl": b"".join(MessageToJson(one, indent=None).encode() + b"\n" for one in lines),
        "list.json": ("[" + ",".join(MessageToJson(one) for one in lines) + "]").encode(),
        "console.json": "".join(span.to_json() + "\n" for span in spans).encode(),
    }
    for name, text in texts.items():
        (folder / name).write_bytes(text)
    return list(texts)


def check(backstep, folder, name):
    recording = folder / (name + ".backstep")
    done = subprocess.run([backstep, "import", folder / name, "-o", recording, "--json"],
                          capture_output=True, text=True)
    if done.returncode != 0:
        return [f"exit code {done.returncode}: {done.stderr.strip()}"]
    told = json.loads(done.stdout)
    steps = 2 * ROUNDS
    wanted = {"sessions": 1, "agents": 2, "steps": steps, "llm_calls": steps, "tool_calls": steps,
              "errors": 2}
    wrong = [f"{key}: {told.get(key)} and not {value}"
             for key, value in wanted.items() if told.get(key) != value]
    tokens = sum(2 * (10 + number) for number in range(ROUNDS))
    if told["usage"]["input_tokens"] != tokens:
        wrong.append(f"input tokens: {told['usage']['input_tokens']} and not {tokens}")
    if subprocess.run([backstep, "verify", recording], capture_output=True).returncode != 0:
        wrong.append("the recording is not sound")
    return wrong


def main():
    backstep, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    failed = False
    for name in write_files(make_spans(), folder):
        wrong = check(backstep, folder, name)
        failed = failed or bool(wrong)
        print(name + ":", "; ".join(wrong) or "as it was made")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
