;; Adam over flat float32 vectors, in place (Kingma and Ba; epsilon added to the root of the raw second moment).
;; Four values at a time; $n is a multiple of 4 and every pointer a multiple of 16. The operations and their order are
;; those of `composedUpdate` in src/tensor/adam-update.ts.
(module
  (import "env" "memory" (memory 0))
  (func (export "adam")
    (param $n i32) (param $w i32) (param $m i32) (param $v i32) (param $g i32)
    (param $rate f32) (param $b1 f32) (param $c1 f32) (param $b2 f32) (param $c2 f32) (param $epsilon f32)
    (local $end i32) (local $gradient v128) (local $moment v128) (local $spread v128)
    (local $rates v128) (local $b1s v128) (local $c1s v128) (local $b2s v128) (local $c2s v128) (local $epsilons v128)
    (local.set $rates (f32x4.splat (local.get $rate)))
    (local.set $b1s (f32x4.splat (local.get $b1)))
    (local.set $c1s (f32x4.splat (local.get $c1)))
    (local.set $b2s (f32x4.splat (local.get $b2)))
    (local.set $c2s (f32x4.splat (local.get $c2)))
    (local.set $epsilons (f32x4.splat (local.get $epsilon)))
    (local.set $end (i32.add (local.get $w) (i32.shl (local.get $n) (i32.const 2))))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $w) (local.get $end)))
        (local.set $gradient (v128.load (local.get $g)))
        (local.set $moment
          (f32x4.add
            (f32x4.mul (v128.load (local.get $m)) (local.get $b1s))
            (f32x4.mul (local.get $gradient) (local.get $c1s))))
        (local.set $spread
          (f32x4.add
            (f32x4.mul (v128.load (local.get $v)) (local.get $b2s))
            (f32x4.mul (f32x4.mul (local.get $gradient) (local.get $gradient)) (local.get $c2s))))
        (v128.store (local.get $m) (local.get $moment))
        (v128.store (local.get $v) (local.get $spread))
        (v128.store (local.get $w)
          (f32x4.sub
            (v128.load (local.get $w))
            (f32x4.div
              (f32x4.mul (local.get $moment) (local.get $rates))
              (f32x4.add (f32x4.sqrt (local.get $spread)) (local.get $epsilons)))))
        (local.set $w (i32.add (local.get $w) (i32.const 16)))
        (local.set $m (i32.add (local.get $m) (i32.const 16)))
        (local.set $v (i32.add (local.get $v) (i32.const 16)))
        (local.set $g (i32.add (local.get $g) (i32.const 16)))
        (br $next)))))
