"""The same work in Python, to compare with: OLMoE on Hugging Face transformers, or on plain PyTorch without it.

    python bench/peer/peer.py --checkpoint DIR --batch FILE.json [--repeats 5] [--plain] [--threads N]

FILE is {"batches": [[{"input_ids": […], "answer_start": n}, …], …]}; its first batch is run, padded on the right.
Measured are, as medians of seconds: `forward`, logits of all tokens; `body`, the same without the head; `step`, the
loss of the answers and its backward pass to the routers (`mlp.gate.weight`). The last line printed is one JSON object.
With --serve, a program that interleaves these runs with its own writes one of the three names to stdin, a line each,
and reads a JSON line for each.
"""

import argparse
import importlib.util
import json
import os
import re
import statistics
import sys
import threading
import time

import torch

IGNORED = -100  # label of positions that do not count for the loss


class PeakMemory:
    """Peak of this process's anonymous memory (Linux), sampled beside the work."""

    def __init__(self):
        self.peak = 0
        threading.Thread(target=self._sample, daemon=True).start()

    def _sample(self):
        while True:
            with open("/proc/self/status", encoding="ascii") as status:
                found = re.search(r"RssAnon:\s+(\d+)", status.read())
            self.peak = max(self.peak, 1024 * int(found[1]))
            time.sleep(0.005)


def padded_batch(file, pad_id=1):
    """-> input_ids, attention_mask and labels, [rows, longest]"""
    with open(file, encoding="utf8") as stream:
        rows = json.load(stream)["batches"][0]
    longest = max(len(row["input_ids"]) for row in rows)
    ids = torch.full((len(rows), longest), pad_id)
    mask = torch.zeros_like(ids)
    labels = torch.full_like(ids, IGNORED)
    for i, row in enumerate(rows):
        tokens = torch.tensor(row["input_ids"])
        ids[i, : len(tokens)] = tokens
        mask[i, : len(tokens)] = 1
        labels[i, row["answer_start"] : len(tokens)] = tokens[row["answer_start"] :]
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


class Transformers:
    """AutoModelForCausalLM as it comes."""

    def __init__(self, folder, dtype, experts):
        import transformers

        transformers.utils.logging.disable_progress_bar()
        # None lets transformers choose, as it does for its users.
        chosen = {} if experts is None else {"experts_implementation": experts}
        self.model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, **chosen).eval()
        self.routers = []
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad = name.endswith("mlp.gate.weight")
            if parameter.requires_grad:
                self.routers.append(parameter)
        config = self.model.config
        self.description = {
            "implementation": f"transformers {transformers.__version__}",
            "experts_implementation": getattr(config, "_experts_implementation", None) or "eager",
            "attention_implementation": config._attn_implementation,
        }

    def body(self, batch):
        return self.model.base_model(batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False)

    def logits(self, batch):
        return self.model(batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False).logits

    def loss(self, batch):
        return self.model(**batch, use_cache=False).loss


def load_model(arguments):
    dtype = getattr(torch, arguments.dtype)
    if not arguments.plain and importlib.util.find_spec("transformers"):
        return Transformers(arguments.checkpoint, dtype, arguments.experts)
    from plain_olmoe import PlainOlmoe

    return PlainOlmoe(arguments.checkpoint, dtype)


def timed(work):
    started = time.perf_counter()
    value = work()
    return time.perf_counter() - started, value


def works(model, batch):
    def without_gradients(run):
        def work():
            with torch.no_grad():
                run(batch)
            return {}

        return work

    def step():
        for router in model.routers:
            router.grad = None
        loss = model.loss(batch)
        loss.backward()
        return {"loss": loss.item()}

    return {
        "forward": without_gradients(model.logits),
        "body": without_gradients(model.body),
        "step": step,
    }


def serve(named, memory):
    """Answers each line of stdin with what it took."""
    for line in sys.stdin:
        seconds, more = timed(named[line.strip()])
        print(json.dumps({"seconds": seconds, "private_gb": memory.peak / 1e9, **more}), flush=True)


def measure(named, memory, repeats):
    result = {}
    for name, work in named.items():
        _, more = timed(work)  # not counted: the first run allocates
        result[f"{name}_s"] = statistics.median(timed(work)[0] for _ in range(repeats))
        result[f"{name}_private_gb"] = memory.peak / 1e9
        result.update(more)
    return {**result, "private_gb": memory.peak / 1e9}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--batch", required=True)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0, help="0: one a core")
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--experts", help="experts_implementation of transformers; default: its own choice")
    parser.add_argument("--plain", action="store_true", help="plain PyTorch although transformers is there")
    parser.add_argument("--serve", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads or len(os.sched_getaffinity(0)))
    memory = PeakMemory()
    model = load_model(arguments)
    batch = padded_batch(arguments.batch)
    named = works(model, batch)
    description = {
        **model.description,
        "torch": torch.__version__,
        "dtype": arguments.dtype,
        "threads": torch.get_num_threads(),
        "padded_tokens": batch["input_ids"].numel(),
        "python": sys.version.split()[0],
    }
    if arguments.serve:
        print(json.dumps(description), flush=True)
        serve(named, memory)
    else:
        print(json.dumps({**measure(named, memory, arguments.repeats), **description}))


main()
