"""OLMoE in plain eager PyTorch: the operations of the eager code of transformers, for where that is not installed."""

import json
import os
import struct

import numpy
import torch
from torch.nn import functional


def read_weights(folder, dtype):
    """All tensors of a safetensors checkpoint of bfloat16 weights, by name."""
    weights = {}
    for file in sorted(name for name in os.listdir(folder) if name.endswith(".safetensors")):
        path = os.path.join(folder, file)
        with open(path, "rb") as stream:
            (header_length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(header_length))
        stored = numpy.memmap(path, dtype=numpy.uint8, mode="r", offset=8 + header_length)
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            if entry["dtype"] != "BF16":
                raise SystemExit(f"{path}: {name} is {entry['dtype']}; the bench checkpoints are BF16")
            start, end = entry["data_offsets"]
            # bfloat16 is the upper half of float32
            wide = stored[start:end].view(numpy.uint16).astype(numpy.uint32) << 16
            weights[name] = torch.from_numpy(wide.view(numpy.float32).reshape(entry["shape"])).to(dtype)
    return weights


class PlainOlmoe:
    def __init__(self, folder, dtype):
        with open(os.path.join(folder, "config.json"), encoding="utf8") as stream:
            self.config = json.load(stream)
        self.weights = read_weights(folder, dtype)
        layers = range(self.config["num_hidden_layers"])
        self.routers = [self.weights[f"model.layers.{i}.mlp.gate.weight"].requires_grad_() for i in layers]
        self.description = {"implementation": "plain PyTorch eager"}

    def body(self, batch):
        ids, mask = batch["input_ids"], batch["attention_mask"]
        x = self.weights["model.embed_tokens.weight"][ids]
        angles = self._rotary(ids.shape[1], x.dtype)
        visible = self._visible(mask, x.dtype)
        for layer in range(self.config["num_hidden_layers"]):
            prefix = f"model.layers.{layer}"
            x = x + self._attention(f"{prefix}.self_attn", self._norm(f"{prefix}.input_layernorm", x), visible, angles)
            x = x + self._experts(f"{prefix}.mlp", self._norm(f"{prefix}.post_attention_layernorm", x))
        return self._norm("model.norm", x)

    def logits(self, batch):
        return self._project("lm_head", self.body(batch))

    def loss(self, batch):
        logits = self.logits(batch).float()[:, :-1]
        labels = batch["labels"][:, 1:]
        return functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1))

    def _project(self, name, x):
        return functional.linear(x, self.weights[f"{name}.weight"])

    def _norm(self, name, x):
        wide = x.float()
        scale = torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.config["rms_norm_eps"])
        return self.weights[f"{name}.weight"] * (wide * scale).to(x.dtype)

    def _rotary(self, length, dtype):
        size = self.config["hidden_size"] // self.config["num_attention_heads"]
        frequencies = self.config["rope_theta"] ** -(torch.arange(0, size, 2).float() / size)
        angles = torch.outer(torch.arange(length).float(), frequencies)
        angles = torch.cat((angles, angles), dim=-1)
        return angles.cos().to(dtype), angles.sin().to(dtype)

    def _visible(self, mask, dtype):
        """[rows, 1, length, length]: 0 where a query sees a key, the least number elsewhere."""
        length = mask.shape[1]
        seen = torch.tril(torch.ones(length, length, dtype=torch.bool)) & (mask[:, None, None, :] > 0)
        return torch.zeros(seen.shape, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)

    def _attention(self, prefix, x, visible, angles):
        rows, length, hidden = x.shape
        heads = self.config["num_attention_heads"]

        def by_head(vectors):
            return vectors.view(rows, length, heads, -1).transpose(1, 2)

        def rotated(vectors):
            cos, sin = angles
            first, second = vectors.chunk(2, dim=-1)
            return vectors * cos + torch.cat((-second, first), dim=-1) * sin

        query = rotated(by_head(self._norm(f"{prefix}.q_norm", self._project(f"{prefix}.q_proj", x))))
        key = rotated(by_head(self._norm(f"{prefix}.k_norm", self._project(f"{prefix}.k_proj", x))))
        value = by_head(self._project(f"{prefix}.v_proj", x))
        scores = query @ key.transpose(2, 3) * (hidden // heads) ** -0.5 + visible
        weights = functional.softmax(scores, dim=-1, dtype=torch.float32).to(x.dtype)
        attended = (weights @ value).transpose(1, 2).reshape(rows, length, hidden)
        return self._project(f"{prefix}.o_proj", attended)

    def _experts(self, prefix, x):
        hidden = x.reshape(-1, x.shape[-1])
        probabilities = functional.softmax(self._project(f"{prefix}.gate", hidden).float(), dim=-1)
        weights, chosen = torch.topk(probabilities, self.config["num_experts_per_tok"], dim=-1)
        if self.config["norm_topk_prob"]:
            weights = weights / weights.sum(dim=-1, keepdim=True)
        weights = weights.to(hidden.dtype)
        output = torch.zeros_like(hidden)
        for expert in range(self.config["num_experts"]):
            tokens, slots = torch.where(chosen == expert)
            if len(tokens) == 0:
                continue
            name = f"{prefix}.experts.{expert}"
            rows = hidden[tokens]
            active = functional.silu(self._project(f"{name}.gate_proj", rows)) * self._project(f"{name}.up_proj", rows)
            result = self._project(f"{name}.down_proj", active) * weights[tokens, slots, None]
            output = output.index_add(0, tokens, result)
        return output.view(x.shape)
