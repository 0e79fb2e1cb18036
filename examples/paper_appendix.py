"""A paper's reproducibility appendix: the paper's layer, its certificate, and the paragraph that cites it.

The layer is a leaky integrator with a learned rate, as a paper might propose it:

    r = σ(x W + b),   s_t = s_{t-1} + r_t ∘ (tanh(x_t V) - s_{t-1})

x is (T, D), W and V are (D, H), b and s_0 are (H). The gradients in the paper are those of `backward`. Whoever reads
the paper runs two commands:

    oracle verify examples/paper_appendix.py:subject --certificate certificate.json
    python examples/paper_appendix.py certificate.json

The first certifies and writes the certificate, the second prints the paragraph. The digest in it comes out bit for bit
on any machine. `oracle replay certificate.json --subject examples/paper_appendix.py:subject` does all of it again, and
says what differs if anything does.
"""

import json
import sys
from pathlib import Path

import numpy as np

import oracle


def forward(x, s0, W, V, b):
    r = 1 / (1 + np.exp(-(x @ W + b)))
    v = np.tanh(x @ V)
    s = [s0]
    for t in range(len(x)):
        s.append(s[t] + r[t] * (v[t] - s[t]))
    return np.stack(s[1:]), (x, np.stack(s), W, V, r, v)


def backward(s_bar, cache):
    x, s, W, V, r, v = cache
    r_bar, v_bar = np.empty_like(r), np.empty_like(v)
    carry = np.zeros_like(s[0])
    for t in reversed(range(len(x))):
        total = s_bar[t] + carry
        r_bar[t] = total * (v[t] - s[t])
        v_bar[t] = total * r[t]
        carry = total * (1 - r[t])
    a_bar = r_bar * r * (1 - r)
    c_bar = v_bar * (1 - v**2)
    return a_bar @ W.T + c_bar @ V.T, carry, x.T @ a_bar, x.T @ c_bar, a_bar.sum(axis=0)


subject = oracle.Subject.from_functions(
    forward, backward, inputs={"x": "T D", "s0": "H", "W": "D H", "V": "D H", "b": "H"}
)


def paragraph(certificate):
    """What the appendix says of a certificate."""
    texts = []
    for one in certificate["subjects"]:
        entries = sum(leaf["entries"] for leaf in one["leaves"])
        texts.append(
            f"The gradients of {one['name']} ({', '.join(leaf['name'] for leaf in one['leaves'])}) were certified in "
            f"ball arithmetic: in {len(one['cases'])} cases drawn from seed {one['seed']}, each of {entries:,} entries "
            f"agrees with the derivative to at least {one['digits']} digits. "
            f"Digest of the gradients, rounded to {one['decimals']} digits: {one['gradients']}."
        )
    version = certificate["versions"]["gradient-oracle"]
    texts.append(f"Certificate (gradient-oracle {version}): {certificate['digest']}.")
    return "\n".join(texts)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} CERTIFICATE.json")
    print(paragraph(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
