//! The instructions.

use std::arch::x86_64::*;

use nic::rss::HashInput;

use super::{Gfni, REGISTERS, SHORT_REGISTERS};
use crate::cpu_features::Gfni512;

/// Inputs hashed side by side: their hashes fill one register.
const WIDE: usize = 16;

/// Two hashes at once, on a CPU that can.
#[inline]
pub(super) fn pair_on(gfni: &Gfni, a: &HashInput, b: &HashInput, _cpu: Gfni512) -> [u32; 2] {
    // SAFETY: a Gfni512 exists only where every instruction set named at `pair` was detected.
    unsafe { pair(gfni, a, b) }
}

/// As many hashes as both slices have room for, on a CPU that can.
#[inline]
pub(super) fn batch_on(gfni: &Gfni, inputs: &[HashInput], out: &mut [u32], _cpu: Gfni512) {
    // SAFETY: a Gfni512 exists only where every instruction set named at `batch` was detected.
    unsafe { batch(gfni, inputs, out) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,gfni")]
fn batch(gfni: &Gfni, inputs: &[HashInput], out: &mut [u32]) {
    let n = inputs.len().min(out.len());
    let (wide, rest) = inputs.get(..n).unwrap_or_default().as_chunks::<WIDE>();
    let (wide_out, rest_out) = out.get_mut(..n).unwrap_or_default().as_chunks_mut::<WIDE>();
    for (inputs, out) in wide.iter().zip(wide_out) {
        // Lengths are 0, 8, 12, 32 and 36: bit 5 tells the long ones.
        if inputs.iter().fold(0, |all, input| all | input.length_bytes()) & 32 == 0 {
            store(short(gfni, inputs), out);
        } else {
            in_pairs(gfni, inputs, out);
        }
    }
    in_pairs(gfni, rest, rest_out);
}

#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,gfni")]
fn in_pairs(gfni: &Gfni, inputs: &[HashInput], out: &mut [u32]) {
    for (inputs, out) in inputs.chunks(2).zip(out.chunks_mut(2)) {
        let hashes = match inputs {
            [a, b] => pair(gfni, a, b),
            [a] => pair(gfni, a, &HashInput::EMPTY),
            _ => [0; 2],
        };
        for (out, hash) in out.iter_mut().zip(hashes) {
            *out = hash;
        }
    }
}

/// Two inputs of any length: a data register takes its low half-lanes from `a` and its high ones from `b`.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,gfni")]
fn pair(gfni: &Gfni, a: &HashInput, b: &HashInput) -> [u32; 2] {
    const HIGH_HALVES: u64 = 0xf0f0_f0f0_f0f0_f0f0;
    let long = (a.length_bytes() | b.length_bytes()) & 32 != 0;
    let needed = if long { REGISTERS } else { SHORT_REGISTERS };
    let (a, b) = (load_48(a.padded()), load_48(b.padded()));
    let mut sum = _mm512_setzero_si512();
    for (matrices, from) in gfni.matrices.iter().zip(&gfni.one_input).take(needed) {
        let from = load_bytes(from);
        let data = _mm512_permutexvar_epi8(from, a);
        let data = _mm512_mask_permutexvar_epi8(data, HIGH_HALVES, from, b);
        sum = _mm512_xor_si512(sum, _mm512_gf2p8affine_epi64_epi8::<0>(data, load_words(matrices)));
    }
    let half = _mm256_xor_si256(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64::<1>(sum));
    let quarter = _mm_xor_si128(_mm256_castsi256_si128(half), _mm256_extracti128_si256::<1>(half));
    let both = _mm_cvtsi128_si64(_mm_xor_si128(quarter, _mm_unpackhi_epi64(quarter, quarter))) as u64;
    [both as u32, (both >> 32) as u32]
}

/// Sixteen inputs of up to 12 bytes: eight registers of lane sums, folded into one of sixteen hashes in order.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,gfni")]
fn short(gfni: &Gfni, inputs: &[HashInput; WIDE]) -> __m512i {
    let [low, high, ..] = &gfni.matrices;
    let matrices = [load_words(low), load_words(high)];
    let [[first_low, first_high], [second_low, second_high]] = &gfni.of_four;
    let first = [load_bytes(first_low), load_bytes(first_high)];
    let second = [load_bytes(second_low), load_bytes(second_high)];
    let (fours, _) = inputs.as_chunks::<4>();
    let mut quarters = [_mm512_setzero_si512(); 4];
    for (quarter, inputs) in quarters.iter_mut().zip(fours) {
        let data = four(inputs);
        let (a, b) = (lane_sums(data, first, matrices), lane_sums(data, second, matrices));
        // Each 16 bytes: two hashes of the first pair, two of the second, summed over two lanes.
        *quarter = _mm512_xor_si512(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b));
    }
    let [a, b, c, d] = quarters;
    fold(fold(a, b), fold(c, d))
}

/// The hashes of two inputs, not yet summed over the eight lanes.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,gfni")]
fn lane_sums(data: __m512i, from: [__m512i; 2], matrices: [__m512i; 2]) -> __m512i {
    let low = _mm512_gf2p8affine_epi64_epi8::<0>(_mm512_permutexvar_epi8(from[0], data), matrices[0]);
    let high = _mm512_gf2p8affine_epi64_epi8::<0>(_mm512_permutexvar_epi8(from[1], data), matrices[1]);
    _mm512_xor_si512(low, high)
}

/// Sums neighbouring quarters of both: the result's first half is of `a`, its second of `b`.
#[target_feature(enable = "avx512f")]
fn fold(a: __m512i, b: __m512i) -> __m512i {
    const EVEN: i32 = 0b10_00_10_00;
    const ODD: i32 = 0b11_01_11_01;
    _mm512_xor_si512(_mm512_shuffle_i64x2::<EVEN>(a, b), _mm512_shuffle_i64x2::<ODD>(a, b))
}

/// The first 16 bytes of four inputs side by side.
#[target_feature(enable = "avx512f")]
fn four([a, b, c, d]: &[HashInput; 4]) -> __m512i {
    let data = _mm512_castsi128_si512(load_16(a.padded()));
    let data = _mm512_inserti32x4::<1>(data, load_16(b.padded()));
    let data = _mm512_inserti32x4::<2>(data, load_16(c.padded()));
    _mm512_inserti32x4::<3>(data, load_16(d.padded()))
}

#[target_feature(enable = "avx512f")]
fn load_16(bytes: &[u8; 48]) -> __m128i {
    // SAFETY: reads 16 of the 48 bytes; the load needs no alignment.
    unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
}

/// The bytes, followed by 16 zeros.
#[target_feature(enable = "avx512f,avx512bw")]
fn load_48(bytes: &[u8; 48]) -> __m512i {
    // SAFETY: the mask lets only the 48 bytes be read; the load needs no alignment.
    unsafe { _mm512_maskz_loadu_epi8((1 << 48) - 1, bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
fn load_bytes(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: reads exactly the 64 bytes; the load needs no alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
fn load_words(words: &[u64; 8]) -> __m512i {
    // SAFETY: reads exactly the 64 bytes of the array; the load needs no alignment.
    unsafe { _mm512_loadu_si512(words.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f")]
fn store(hashes: __m512i, out: &mut [u32; WIDE]) {
    // SAFETY: writes exactly the 64 bytes of the array; the store needs no alignment.
    unsafe { _mm512_storeu_si512(out.as_mut_ptr().cast(), hashes) }
}
