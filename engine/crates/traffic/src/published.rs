//! Published flow-size distributions, as the HKUST-SING TrafficGenerator ships them (folder conf/).
//! `datasets/traffic/` holds the same points with their sources; a test keeps the two equal.

use crate::distribution::CdfPoint;

/// Payload bytes of one packet in the published tables: a 1500-byte packet without IPv4 and TCP headers.
pub const PACKET_PAYLOAD_BYTES: u32 = 1460;

/// A published distribution: what its sizes count, and points of size and cumulative probability.
pub(crate) struct Published {
    unit_bytes: u32,
    points: &'static [(u32, f64)],
}

/// Web search: Alizadeh et al., Data Center TCP (SIGCOMM 2010); `DCTCP_CDF.txt`, bytes.
#[rustfmt::skip]
pub(crate) const WEB_SEARCH: Published = Published {
    unit_bytes: 1,
    points: &[
        (0, 0.0), (10_000, 0.15), (20_000, 0.2), (30_000, 0.3), (50_000, 0.4), (80_000, 0.53), (200_000, 0.6),
        (1_000_000, 0.7), (2_000_000, 0.8), (5_000_000, 0.9), (10_000_000, 0.97), (30_000_000, 1.0),
    ],
};

/// Data mining: Greenberg et al., VL2 (SIGCOMM 2009); `CDF_vl2.txt`, packets.
#[rustfmt::skip]
pub(crate) const DATA_MINING: Published = Published {
    unit_bytes: PACKET_PAYLOAD_BYTES,
    points: &[
        (1, 0.0), (1, 0.5), (2, 0.6), (3, 0.7), (7, 0.8), (267, 0.9), (2107, 0.95), (66_667, 0.99), (666_667, 1.0),
    ],
};

/// Hadoop: Roy et al., Inside the Social Network's (Datacenter) Network (SIGCOMM 2015); `CDF_hadoop.txt`, packets.
#[rustfmt::skip]
pub(crate) const HADOOP: Published = Published {
    unit_bytes: PACKET_PAYLOAD_BYTES,
    points: &[
        (1, 0.0), (24, 0.1), (30, 0.2), (33, 0.3), (33, 0.4), (50, 0.5), (53, 0.6), (67, 0.7), (120, 0.8),
        (160, 0.9), (200, 0.95), (667, 0.96), (6667, 0.97), (66_667, 0.99), (333_333, 1.0),
    ],
};

/// Cache: Roy et al. (SIGCOMM 2015); `CDF_cache.txt`, packets.
#[rustfmt::skip]
pub(crate) const CACHE: Published = Published {
    unit_bytes: PACKET_PAYLOAD_BYTES,
    points: &[
        (1, 0.0), (1, 0.36), (2, 0.4), (7, 0.46), (13, 0.5), (67, 0.6), (133, 0.7), (667, 0.78), (1333, 0.8),
        (2000, 0.9), (2667, 0.99), (33_333, 1.0),
    ],
};

impl Published {
    /// Its points, in bytes.
    pub(crate) fn points(&self) -> Vec<CdfPoint> {
        let scale = |(size, cumulative): &(u32, f64)| CdfPoint {
            bytes: f64::from(*size) * f64::from(self.unit_bytes),
            cumulative: *cumulative,
        };
        self.points.iter().map(scale).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::distribution::Cdf;
    use stage::Random;

    /// The points of a data set, in bytes.
    fn dataset(text: &str) -> Vec<CdfPoint> {
        let mut lines = text.lines();
        let unit_bytes = match lines.next() {
            Some("bytes,cumulative_probability") => 1.0,
            Some("packets,cumulative_probability") => f64::from(PACKET_PAYLOAD_BYTES),
            other => panic!("{other:?}"),
        };
        let parse = |line: &str| {
            let (size, cumulative) = line.split_once(',').unwrap();
            let bytes = size.parse::<f64>().unwrap() * unit_bytes;
            CdfPoint { bytes, cumulative: cumulative.parse().unwrap() }
        };
        lines.map(parse).collect()
    }

    const ALL: [(&str, Published, f64); 4] = [
        (include_str!("../../../../datasets/traffic/web_search.csv"), WEB_SEARCH, 1.71),
        (include_str!("../../../../datasets/traffic/data_mining.csv"), DATA_MINING, 7.47),
        (include_str!("../../../../datasets/traffic/hadoop.csv"), HADOOP, 4.14),
        (include_str!("../../../../datasets/traffic/cache.csv"), CACHE, 0.91),
    ];

    #[test]
    fn the_tables_are_those_of_the_data_set() {
        for (text, published, _) in ALL {
            assert_eq!(dataset(text), published.points());
        }
    }

    #[test]
    fn the_means_are_those_of_the_literature() {
        for (_, published, expected_megabytes) in ALL {
            let mean = Cdf::new("test", &published.points()).unwrap().mean() / 1e6;
            assert!((mean - expected_megabytes).abs() < 0.006, "{mean} for {expected_megabytes}");
        }
    }

    #[test]
    fn draws_pass_the_kolmogorov_smirnov_test_against_the_file() {
        const DRAWS: usize = 100_000;
        for (text, published, _) in ALL {
            let points = dataset(text);
            let cdf = Cdf::new("test", &published.points()).unwrap();
            let mut random = Random::for_component(1, "test");
            let mut drawn: Vec<f64> = (0..DRAWS).map(|_| cdf.draw(&mut random)).collect();
            drawn.sort_by(f64::total_cmp);
            let share = |bytes: f64| drawn.partition_point(|d| *d <= bytes) as f64 / DRAWS as f64;
            // Between the file's points both sides are linear, so the distance is largest near them; at a jump only
            // the upper end counts. 1.95 / sqrt(n) is passed once in 1000.
            let upper = |p: &CdfPoint| points.iter().rfind(|q| q.bytes == p.bytes).unwrap().cumulative;
            let distance = points.iter().map(|p| (share(p.bytes) - upper(p)).abs()).fold(0.0, f64::max);
            assert!(distance < 1.95 / (DRAWS as f64).sqrt(), "{distance}");
        }
    }
}
