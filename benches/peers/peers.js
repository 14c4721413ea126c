// The works in jax-js, and W1 in TensorFlow.js; run.mjs calls `measure` in the page.
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy as np, valueAndGrad, vmap } from '@jax-js/jax';

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

/** Norm over an axis or several, with gain and bias. */
const normalized = (x, axes, gain, bias) => nn.standardize(x, axes, { epsilon: 1e-5 }).mul(gain).add(bias);
const dense = (x, weight, bias) => np.matmul(x, weight).add(bias);

/** Normal with this deviation, a constant, or zeros if there is none. */
const drawnAs = (shape, deviation = 0) => [shape, drawn(shape.reduce((a, b) => a * b, 1), deviation)];
const constant = (shape, value) => [shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value)];
const layer = (inputs, outputs, gain = 1) => [drawnAs([inputs, outputs], Math.sqrt(gain / inputs)), constant([outputs], 0)];
const norm = (width) => [constant([width], 1), constant([width], 0)];

/** Rows of zeros but for a 1. */
function oneHot(labels, classes) {
  const rows = new Float32Array(labels.length * classes);
  labels.forEach((label, row) => (rows[row * classes + label] = 1));
  return rows;
}

const mlp = {
  parameters,
  batch: () => [
    [[BATCH, 64], drawn(BATCH * 64, 1)],
    [[BATCH, 10], labels()],
  ],
  loss(theta, x, y) {
    let hidden = x;
    const layers = theta.length / 2;
    for (let layer = 0; layer < layers; layer++) {
      hidden = dense(hidden, theta[2 * layer], theta[2 * layer + 1]);
      if (layer + 1 < layers) hidden = nn.relu(hidden);
    }
    return nn.logSoftmax(hidden).mul(y).sum().mul(-1 / BATCH);
  },
};

const SEQUENCES = { batch: 16, length: 8, vocabulary: 10, width: 16, heads: 2, mlp: 32, blocks: 4 };
const transformer = {
  parameters() {
    const { length, vocabulary, width, mlp, blocks } = SEQUENCES;
    const block = () => [...layer(width, 3 * width), ...layer(width, width), ...norm(width), ...layer(width, mlp, 2), ...layer(mlp, width), ...norm(width)];
    return [drawnAs([vocabulary, width], 1), drawnAs([length, width], 1), ...Array.from({ length: blocks }, block).flat(), ...layer(width, vocabulary)];
  },
  batch() {
    const { batch, length, vocabulary } = SEQUENCES;
    const sequences = Array.from({ length: batch }, () => Array.from({ length }, () => Math.floor(Math.random() * vocabulary)));
    const shape = [batch * length, vocabulary];
    return [
      [shape, oneHot(sequences.flat(), vocabulary)],
      [shape, oneHot(sequences.flatMap((sequence) => sequence.toReversed()), vocabulary)],
    ];
  },
  loss(theta, x, y) {
    const { batch, length, width, heads, blocks } = SEQUENCES;
    const rows = batch * length;
    let h = np.matmul(x, theta[0]).reshape([batch, length, width]).add(theta[1]).reshape([rows, width]);
    for (let block = 0; block < blocks; block++) {
      const [wqkv, bqkv, wo, bo, gain1, bias1, w1, b1, w2, b2, gain2, bias2] = theta.slice(2 + 12 * block, 14 + 12 * block);
      // Query, key and value, each [batch, head, position, width of a head].
      const projected = dense(h.ref, wqkv, bqkv).reshape([batch, length, 3, heads, width / heads]).transpose([2, 0, 3, 1, 4]);
      const [q, k, v] = [projected.ref.slice(0), projected.ref.slice(1), projected.slice(2)];
      const weights = nn.softmax(np.matmul(q, k.transpose([0, 1, 3, 2])).mul(1 / Math.sqrt(width / heads)), -1);
      const attended = np.matmul(weights, v).transpose([0, 2, 1, 3]).reshape([rows, width]);
      h = normalized(h.add(dense(attended, wo, bo)), -1, gain1, bias1);
      h = normalized(h.ref.add(dense(nn.relu(dense(h, w1, b1)), w2, b2)), -1, gain2, bias2);
    }
    return nn.logSoftmax(dense(h, ...theta.slice(-2))).mul(y).sum().mul(-1 / rows);
  },
};

const IMAGES = { batch: 30, side: 8, stem: 2, channels: [4, 16] };
const convnet = {
  parameters() {
    const { side, stem, channels } = IMAGES;
    const convolution = (inputs, outputs, size) => [
      drawnAs([outputs, inputs, size, size], 1 / Math.sqrt(inputs * size * size)),
      constant([outputs, 1, 1], 0),
    ];
    const channelNorm = (width) => [constant([width, 1, 1], 1), constant([width, 1, 1], 0)];
    const block = (inputs, outputs) => [
      ...channelNorm(inputs), ...convolution(inputs, outputs, 3),
      ...channelNorm(outputs), ...convolution(outputs, outputs, 3),
      ...convolution(inputs, outputs, 1),
    ];
    return [...convolution(1, stem, 3), ...block(stem, channels[0]), ...block(...channels), ...channelNorm(channels[1]), ...layer(side * side * channels[1], 10)];
  },
  batch: () => [
    [[IMAGES.batch, 1, IMAGES.side, IMAGES.side], drawn(IMAGES.batch * IMAGES.side ** 2, 1)],
    [[IMAGES.batch, 10], oneHot(Array.from({ length: IMAGES.batch }, () => Math.floor(Math.random() * 10)), 10)],
  ],
  loss(theta, x, y) {
    const convolution = (x, [weight, bias]) => lax.conv(x, weight, [1, 1], 'SAME').add(bias);
    const activated = (x, [gain, bias]) => nn.relu(normalized(x, [0, 2, 3], gain, bias));
    let h = convolution(x, theta.slice(0, 2));
    for (let block = 0; block < 2; block++) {
      const [norm1, first, norm2, second, shortcut] = [0, 2, 4, 6, 8].map((at) => theta.slice(2 + 10 * block + at, 4 + 10 * block + at));
      const a = activated(h, norm1);
      const branch = convolution(activated(convolution(a.ref, first), norm2), second);
      h = convolution(a, shortcut).add(branch);
    }
    const features = activated(h, theta.slice(22, 24)).reshape([IMAGES.batch, -1]);
    return nn.logSoftmax(dense(features, ...theta.slice(-2))).mul(y).sum().mul(-1 / IMAGES.batch);
  },
};

const power = (base, exponent) => np.exp(exponent.mul(Math.log(base)));

const adam = {
  states: 2,
  /** The parameters and states after a step. */
  update(theta, [m, v], gradients, t, rate) {
    const correction = np.sqrt(np.array(1).sub(power(ADAM.beta2, t.ref))).div(np.array(1).sub(power(ADAM.beta1, t)));
    const scale = rate.mul(correction);
    const nextM = m.map((old, i) => old.mul(ADAM.beta1).add(gradients[i].ref.mul(1 - ADAM.beta1)));
    const nextV = v.map((old, i) => old.mul(ADAM.beta2).add(np.square(gradients[i]).mul(1 - ADAM.beta2)));
    const next = theta.map((p, i) =>
      p.sub(nextM[i].ref.div(np.sqrt(nextV[i].ref).add(ADAM.epsilon)).mul(scale.ref)),
    );
    scale.dispose();
    return [next, [nextM, nextV]];
  },
};

const momentum = {
  states: 1,
  update(theta, [v], gradients, t, rate) {
    const nextV = v.map((old, i) => old.mul(0.9).add(gradients[i]));
    const next = theta.map((p, i) => p.sub(nextV[i].ref.mul(rate.ref)));
    t.dispose();
    rate.dispose();
    return [next, [nextV]];
  },
};

const JAX_WORKS = {
  W1: [mlp, adam],
  W2: [mlp, adam],
  W3: [transformer, adam],
  W4: [convnet, momentum],
};

async function jax(work, device, runs, seconds) {
  if (!(await init()).includes(device)) throw new Error(`jax-js has no ${device} here`);
  defaultDevice(device);
  const [model, optimizer] = JAX_WORKS[work];
  const lead = runs > 1 ? [runs] : [];
  const tile = (values) => {
    const all = new Float32Array(values.length * runs);
    for (let run = 0; run < runs; run++) all.set(values, run * values.length);
    return all;
  };
  const array = (values, shape) => np.array(values, { shape });
  let theta = model.parameters().map(([shape, values]) => array(tile(values), [...lead, ...shape]));
  let states = Array.from({ length: optimizer.states }, () => theta.map((p) => np.zeros(p.shape)));
  let t = runs > 1 ? np.ones([runs]) : np.array(1);
  const rates = Float32Array.from({ length: runs }, (_, run) => 1e-4 * 1.2 ** run);
  const rate = runs > 1 ? np.array(rates) : np.array(1e-3);
  const batches = Array.from({ length: BATCHES }, () => model.batch().map(([shape, values]) => array(values, shape)));
  const update = (theta, states, t, rate, x, y) => {
    const [value, gradients] = valueAndGrad(model.loss)(theta.map((p) => p.ref), x, y);
    const squares = gradients.map((g) => np.square(g.ref).sum());
    const norm = np.sqrt(squares.reduce((sum, square) => sum.add(square)));
    const [next, nextStates] = optimizer.update(theta, states, gradients, t.ref, rate);
    return [next, nextStates, t.add(1), value, norm];
  };
  const step = jit(runs > 1 ? vmap(update, [0, 0, 0, 0, null, null]) : update);
  const advance = (index) => {
    const [x, y] = batches[index % BATCHES];
    let value, norm;
    [theta, states, t, value, norm] = step(theta, states, t, rate.ref, x.ref, y.ref);
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

window.measure = (peer, work, backend, runs, seconds) =>
  peer === 'tfjs' ? tensorflow(backend, seconds) : jax(work, backend, runs, seconds);
