/** Four floats at a time: multiply-add, exp, and the two forms of GELU with their derivatives. */

/** a b + c, rounded twice. Not relaxed SIMD's fused form: results would differ from processor to processor. */
export function madd(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.mul(a, b), c);
}

export function sum(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

export function largest(x: v128): f32 {
  const pairs = f32x4.pmax(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/**
 * e^x within 2 ulp for x <= 88, 0 below -87. x = n ln 2 + r, ln 2 in two parts so that r keeps its digits;
 * polynomial for e^r: Cephes, expf.c.
 */
export function exp(x: v128): v128 {
  const clamped = f32x4.pmin(f32x4.pmax(x, f32x4.splat(-87.0)), f32x4.splat(88.0));
  const n = f32x4.nearest(f32x4.mul(clamped, f32x4.splat(1.44269504088896341)));
  let r = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.add(r, f32x4.mul(n, f32x4.splat(2.1219444e-4)));
  let p = madd(f32x4.splat(1.98756915e-4), r, f32x4.splat(1.3981999507e-3));
  p = madd(p, r, f32x4.splat(8.3334519073e-3));
  p = madd(p, r, f32x4.splat(4.1665795894e-2));
  p = madd(p, r, f32x4.splat(1.6666665459e-1));
  p = madd(p, r, f32x4.splat(5.0000001201e-1));
  p = f32x4.add(madd(p, f32x4.mul(r, r), r), f32x4.splat(1.0));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return v128.and(f32x4.mul(p, power), f32x4.ge(x, f32x4.splat(-87.0)));
}

/** ln x for x > 0: x = m 2^n with m around 1, ln m = 2 (s + s³/3 + s⁵/5 + ...), s = (m - 1) / (m + 1). */
export function log(x: f32): f32 {
  const bits = reinterpret<i32>(x);
  // Counted from sqrt(1/2), so that m lies in [0.707, 1.414).
  const n = (bits - 0x3f3504f3) >> 23;
  const m = <f64>reinterpret<f32>(bits - (n << 23));
  const s = (m - 1) / (m + 1);
  const q = s * s;
  const series = 1 + q * (1.0 / 3 + q * (1.0 / 5 + q * (1.0 / 7 + q * (1.0 / 9 + q * (1.0 / 11)))));
  return <f32>(2 * s * series + <f64>n * 0.6931471805599453);
}

const ROOT_2_OVER_PI: f32 = 0.7978845608028654;
const CUBIC: f32 = 0.044715;

/** (1 + tanh u) / 2 with u = sqrt(2/pi) (x + 0.044715 x³): the logistic function of 2u. */
function tanhGate(x: v128): v128 {
  const inner = madd(f32x4.mul(x, x), f32x4.splat(CUBIC), f32x4.splat(1.0));
  const u = f32x4.mul(f32x4.mul(x, inner), f32x4.splat(-2.0 * ROOT_2_OVER_PI));
  return f32x4.div(f32x4.splat(1.0), f32x4.add(f32x4.splat(1.0), exp(u)));
}

/**
 * Phi(x), the normal distribution, and e^(-x²/2) through `bell`; erf by Abramowitz and Stegun 7.1.26, whose error
 * is below 1.5e-7.
 */
function erfGate(x: v128, bell: v128): v128 {
  const size = f32x4.mul(f32x4.abs(x), f32x4.splat(0.7071067811865476));
  const t = f32x4.div(f32x4.splat(1.0), madd(size, f32x4.splat(0.3275911), f32x4.splat(1.0)));
  let p = madd(f32x4.splat(1.061405429), t, f32x4.splat(-1.453152027));
  p = madd(p, t, f32x4.splat(1.421413741));
  p = madd(p, t, f32x4.splat(-0.284496736));
  p = madd(p, t, f32x4.splat(0.254829592));
  const tail = f32x4.mul(f32x4.mul(f32x4.mul(p, t), bell), f32x4.splat(0.5));
  return v128.bitselect(tail, f32x4.sub(f32x4.splat(1.0), tail), f32x4.lt(x, f32x4.splat(0.0)));
}

function bellOf(x: v128): v128 {
  return exp(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5)));
}

/** Activations by number: 0 none, 1 gelu_new, 2 gelu. */
export function activate(z: v128, activation: i32): v128 {
  if (activation == 1) return f32x4.mul(z, tanhGate(z));
  return activation == 2 ? f32x4.mul(z, erfGate(z, bellOf(z))) : z;
}

export function activationSlope(z: v128, activation: i32): v128 {
  if (activation == 1) {
    const gate = tanhGate(z);
    // d gate / dx = 2 gate (1 - gate) du/dx
    const rest = f32x4.sub(f32x4.splat(1.0), gate);
    const du = madd(f32x4.mul(z, z), f32x4.splat(3.0 * CUBIC), f32x4.splat(1.0));
    const slope = f32x4.mul(f32x4.mul(gate, rest), f32x4.mul(du, f32x4.splat(2.0 * ROOT_2_OVER_PI)));
    return madd(z, slope, gate);
  }
  const bell = bellOf(z);
  return madd(f32x4.mul(z, bell), f32x4.splat(0.3989422804014327), erfGate(z, bell));
}

/** First of the `part`-th of `parts` equal shares of `count` items, in whole groups of `unit`. */
export function shareStart(count: i32, unit: i32, part: i32, parts: i32): i32 {
  const groups = (count + unit - 1) / unit;
  return min(count, ((groups * part) / parts) * unit);
}
