"""Makes optax_rules.json: float64 trajectories of optax's optimizers, in the format of update_rules.json.

Made once; the versions that made it are pinned here, and the file records them:

    python3 -m venv /tmp/optax && /tmp/optax/bin/pip install optax==0.2.8 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6
    /tmp/optax/bin/python tests/golden/make_optax.py > tests/golden/optax_rules.json

Optax gets the clipped gradient and, at each step, that step's learning rate (inject_hyperparams would do the same by a
longer way): its transformation without a learning rate gives u, and theta becomes theta - lr * u.
"""

import json
import sys

import jax

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp
import numpy as np
import optax

STEPS = 40
PARAMETERS = 8
ZERO_STEP = 3  # every gradient is 0 there
OUTLIER_STEP = 7  # a thousand times larger there


def adamw(c):
    return optax.chain(optax.scale_by_adam(c["beta1"], c["beta2"], c["epsilon"]), optax.add_decayed_weights(c["lambda"]))


def sgdw(c):
    return optax.chain(optax.trace(c["gamma"]), optax.add_decayed_weights(c["lambda"]))


def lion(c):
    return optax.chain(optax.scale_by_lion(c["beta1"], c["beta2"]), optax.add_decayed_weights(c["lambda"]))


RULES = {
    "adagrad": (lambda c: optax.scale_by_rss(0.1, c["epsilon"]), {"epsilon": [1e-7, 1e-3]}),
    "adamw": (
        adamw,
        {"beta1": [0.9, 0.0], "beta2": [0.999, 0.9], "epsilon": [1e-8, 1e-3], "lambda": [0.01, 0.1, 0.0]},
    ),
    "lion": (lion, {"beta1": [0.9, 0.95], "beta2": [0.99, 0.9], "lambda": [0.0, 0.1]}),
    "amsgrad": (
        lambda c: optax.scale_by_amsgrad(c["beta1"], c["beta2"], c["epsilon"]),
        {"beta1": [0.9, 0.0], "beta2": [0.999, 0.9], "epsilon": [1e-8, 1e-3]},
    ),
    "adamax": (
        lambda c: optax.scale_by_adamax(c["beta1"], c["beta2"], c["epsilon"]),
        {"beta1": [0.9, 0.0], "beta2": [0.999, 0.9], "epsilon": [1e-8, 1e-3]},
    ),
    "adabelief": (
        lambda c: optax.scale_by_belief(c["beta1"], c["beta2"], c["epsilon"], c["epsilon"]),
        {"beta1": [0.9, 0.5], "beta2": [0.999, 0.9], "epsilon": [1e-16, 1e-8]},
    ),
    "adadelta": (lambda c: optax.scale_by_adadelta(c["rho"], c["epsilon"]), {"rho": [0.9, 0.5], "epsilon": [1e-6, 1e-3]}),
    "adan": (
        lambda c: optax.scale_by_adan(c["beta1"], c["beta2"], c["beta3"], c["epsilon"]),
        {"beta1": [0.98, 0.9], "beta2": [0.92, 0.5], "beta3": [0.99, 0.9], "epsilon": [1e-8, 1e-3]},
    ),
    # The last entries are the newest: what stands above them keeps its random numbers.
    "l2": (lambda c: optax.add_decayed_weights(c["lambda"]), {"lambda": [0.01, 0.1]}),
    "sgdw": (sgdw, {"gamma": [0.9, 0.0, 0.99], "lambda": [0.01, 0.1, 0.0]}),
}


def case(rng, rule, make, choices, clip_norm):
    constants = {name: float(rng.choice(values)) for name, values in choices.items()}
    base_lr = float(10 ** rng.uniform(-4, -1))
    warmup = int(rng.choice([0, 5, 15]))
    theta = rng.normal(size=PARAMETERS)
    gradients = rng.normal(size=(STEPS, PARAMETERS))
    gradients[ZERO_STEP] = 0
    gradients[OUTLIER_STEP] *= 1000
    lr = [base_lr * t / warmup if t < warmup else base_lr for t in range(STEPS)]
    norms = [float(np.sqrt(np.sum(g * g))) for g in gradients]
    scales = [clip_norm / n if clip_norm is not None and n > clip_norm else 1.0 for n in norms]
    transformation = make(constants)
    params = jnp.asarray(theta)
    state = transformation.init(params)
    trajectory = []
    for t in range(STEPS):
        updates, state = transformation.update(jnp.asarray(gradients[t] * scales[t]), state, params)
        assert updates.dtype == jnp.float64
        params = params - lr[t] * updates
        trajectory.append(np.asarray(params).tolist())
    return {
        "rule": rule,
        "constants": constants,
        "base_lr": base_lr,
        "warmup_steps": warmup,
        "clip_norm": clip_norm,
        "theta0": theta.tolist(),
        "gradients": gradients.tolist(),
        "lr": lr,
        "grad_norm": norms,
        "clip_scale": scales,
        "theta": trajectory,
    }


def main():
    rng = np.random.default_rng(20261123)
    cases = [
        case(rng, rule, make, choices, clip_norm)
        for rule, (make, choices) in RULES.items()
        for clip_norm in (None, 0.5, 3.0)
    ]
    versions = f"optax {optax.__version__}, jax {jax.__version__}, numpy {np.__version__}"
    json.dump({"source": f"float64 trajectories of {versions}", "cases": cases}, sys.stdout)
    print()


main()
