// The two works in TensorFlow.js and jax-js; run.mjs calls `measure` in the page.
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, valueAndGrad, vmap } from '@jax-js/jax';

const LAYERS = [64, 128, 128, 10];
const BATCH = 64;
const BATCHES = 16;
const WARMUP_STEPS = 10;
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** About normal values of this standard deviation. */
const drawn = (length, deviation) =>
  Float32Array.from({ length }, () => (Math.random() + Math.random() + Math.random() - 1.5) * 2 * deviation);

/** Weights and biases of every layer, each as [shape, values]. */
const parameters = () =>
  LAYERS.slice(1).flatMap((width, layer) => {
    const inputs = LAYERS[layer];
    return [
      [[inputs, width], drawn(inputs * width, Math.sqrt(2 / inputs))],
      [[width], new Float32Array(width)],
    ];
  });

function labels() {
  const oneHot = new Float32Array(BATCH * 10);
  for (let row = 0; row < BATCH; row++) oneHot[row * 10 + Math.floor(Math.random() * 10)] = 1;
  return oneHot;
}

async function tensorflow(backend, seconds) {
  setWasmPaths('/wasm/');
  await tf.setBackend(backend);
  await tf.ready();
  const weights = parameters().map(([shape, values]) => tf.variable(tf.tensor(values, shape)));
  const batches = Array.from({ length: BATCHES }, () => [
    tf.tensor(drawn(BATCH * 64, 1), [BATCH, 64]),
    tf.tensor(labels(), [BATCH, 10]),
  ]);
  const optimizer = tf.train.adam(1e-3, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
  const step = (index) =>
    tf.tidy(() => {
      const [x, y] = batches[index % BATCHES];
      const { value, grads } = tf.variableGrads(() => {
        let hidden = x;
        for (let layer = 0; layer < weights.length; layer += 2) {
          hidden = hidden.matMul(weights[layer]).add(weights[layer + 1]);
          if (layer + 2 < weights.length) hidden = hidden.relu();
        }
        return tf.losses.softmaxCrossEntropy(y, hidden);
      }, weights);
      const norm = tf.sqrt(tf.addN(Object.values(grads).map((gradient) => gradient.square().sum())));
      optimizer.applyGradients(grads);
      return tf.stack([value, norm]);
    });
  return timed(1, seconds, step, async (logs) => {
    const all = tf.stack(logs);
    await all.data();
    tf.dispose([all, ...logs]);
  });
}

async function jax(device, runs, seconds) {
  if (!(await init()).includes(device)) throw new Error(`jax-js has no ${device} here`);
  defaultDevice(device);
  const lead = runs > 1 ? [runs] : [];
  const tile = (values) => {
    const all = new Float32Array(values.length * runs);
    for (let run = 0; run < runs; run++) all.set(values, run * values.length);
    return all;
  };
  const array = (values, shape) => np.array(values, { shape });
  let theta = parameters().map(([shape, values]) => array(tile(values), [...lead, ...shape]));
  let m = theta.map((p) => np.zeros(p.shape));
  let v = theta.map((p) => np.zeros(p.shape));
  let t = runs > 1 ? np.ones([runs]) : np.array(1);
  const rates = Float32Array.from({ length: runs }, (_, run) => 1e-4 * 1.2 ** run);
  const rate = runs > 1 ? np.array(rates) : np.array(1e-3);
  const batches = Array.from({ length: BATCHES }, () => [
    array(drawn(BATCH * 64, 1), [BATCH, 64]),
    array(labels(), [BATCH, 10]),
  ]);
  const loss = (theta, x, y) => {
    let hidden = x;
    const layers = theta.length / 2;
    for (let layer = 0; layer < layers; layer++) {
      hidden = np.matmul(hidden, theta[2 * layer]).add(theta[2 * layer + 1]);
      if (layer + 1 < layers) hidden = nn.relu(hidden);
    }
    return nn.logSoftmax(hidden).mul(y).sum().mul(-1 / BATCH);
  };
  const power = (base, exponent) => np.exp(exponent.mul(Math.log(base)));
  const update = (theta, m, v, t, rate, x, y) => {
    const [value, gradients] = valueAndGrad(loss)(theta.map((p) => p.ref), x, y);
    const squares = gradients.map((g) => np.square(g.ref).sum());
    const norm = np.sqrt(squares.reduce((sum, square) => sum.add(square)));
    const correction = np.sqrt(np.array(1).sub(power(ADAM.beta2, t.ref))).div(np.array(1).sub(power(ADAM.beta1, t.ref)));
    const scale = rate.mul(correction);
    const nextM = m.map((old, i) => old.mul(ADAM.beta1).add(gradients[i].ref.mul(1 - ADAM.beta1)));
    const nextV = v.map((old, i) => old.mul(ADAM.beta2).add(np.square(gradients[i]).mul(1 - ADAM.beta2)));
    const next = theta.map((p, i) =>
      p.sub(nextM[i].ref.div(np.sqrt(nextV[i].ref).add(ADAM.epsilon)).mul(scale.ref)),
    );
    scale.dispose();
    return [next, nextM, nextV, t.add(1), value, norm];
  };
  const step = jit(runs > 1 ? vmap(update, [0, 0, 0, 0, 0, null, null]) : update);
  const advance = (index) => {
    const [x, y] = batches[index % BATCHES];
    let value, norm;
    [theta, m, v, t, value, norm] = step(theta, m, v, t, rate.ref, x.ref, y.ref);
    norm.dispose();
    return value;
  };
  return timed(runs, seconds, advance, async (logs) => {
    await blockUntilReady([theta, logs]);
    for (const log of logs) await log.data();
  });
}

/** Steps for some seconds, reading what was logged every 25 steps. */
async function timed(runs, seconds, step, read) {
  let index = 0;
  const some = async (count) => {
    const logs = [];
    for (let k = 0; k < count; k++) logs.push(step(index++));
    await read(logs);
  };
  await some(WARMUP_STEPS);
  const first = index;
  const start = performance.now();
  while (performance.now() - start < seconds * 1000) await some(runs > 1 ? 5 : 25);
  const took = (performance.now() - start) / 1000;
  const steps = index - first;
  return { runs, steps, seconds: took, run_steps_per_second: (steps * runs) / took };
}

window.measure = (peer, backend, runs, seconds) =>
  peer === 'tfjs' ? tensorflow(backend, seconds) : jax(backend, runs, seconds);
