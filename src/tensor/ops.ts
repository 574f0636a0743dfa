/**
 * The ops that networks, losses and steps are written in: TensorFlow.js functions, all of which every engine runs.
 * This is the only way in: nothing outside `src/tensor` imports TensorFlow.js values.
 */
export {
  add,
  clipByValue,
  concat,
  conv2d,
  conv2dTranspose,
  div,
  exp,
  leakyRelu,
  logSoftmax,
  matMul,
  mean,
  mul,
  neg,
  pow,
  relu,
  reshape,
  scalar,
  softmax,
  softplus,
  split,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor4D,
  tanh,
  tensor,
} from '@tensorflow/tfjs';
