//! Data, decimal numbers and JSON are the same everywhere: checked natively and in a browser, whose own parsers read them there.

use brink_engine::decimal::{self, Decimal};
use brink_engine::json::{self, Value};
use brink_engine::random::{Purpose, Stream};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// FNV-1a over the bits of 10,000 normals of seed 1.
const NORMALS_HASH: u64 = 10449213297576721735;
/// FNV-1a over the inputs and labels of the validation examples of every task for seed 1.
const TASKS_HASH: u64 = 5187862489251074213;
/// FNV-1a over the bytes of the texts of 20,000 numbers: 10,000 of any size in 12 digits, 10,000 below 1 in all of theirs.
const DECIMALS_HASH: u64 = 13059565302148087368;

fn hash(words: impl IntoIterator<Item = u32>) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in words.into_iter().flat_map(u32::to_le_bytes) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

#[test]
fn normals_are_the_same_bits_on_every_machine() {
    let mut values = vec![0f32; 10_000];
    Stream::new(1, Purpose::Initialisation, 0).fill_normal(0, 1.0, &mut values);
    assert_eq!(hash(values.iter().map(|value| value.to_bits())), NORMALS_HASH);
}

#[test]
fn tasks_are_the_same_bits_on_every_machine() {
    let words = brink_engine::task::TASKS.iter().flat_map(|task| {
        let data = (task.generate)(1);
        let examples = data.validation();
        let inputs = examples.inputs.iter().map(|value| value.to_bits());
        inputs.chain(examples.labels.iter().copied()).collect::<Vec<u32>>()
    });
    assert_eq!(hash(words), TASKS_HASH);
}

#[test]
fn decimal_numbers_are_the_same_text_on_every_machine() {
    let stream = Stream::new(1, Purpose::Structure, 0);
    let mut texts = String::new();
    for index in 0..10_000 {
        let word = |place: u64| u64::from(stream.below(2 * index + place, u32::MAX));
        let bits = word(0) << 32 | word(1);
        for value in [f64::from_bits(bits), stream.uniform(index)] {
            let text = decimal::shortest(value);
            if value.is_finite() {
                assert_eq!(decimal::parse(&text).map(f64::to_bits), Some(value.to_bits()), "{text}");
            }
        }
        // Not in all digits: two texts may be equally near to a large number.
        texts += &Decimal::of(f64::from_bits(bits)).significant(12).scientific();
        texts += &decimal::shortest(stream.uniform(index));
    }
    assert_eq!(hash(texts.bytes().map(u32::from)), DECIMALS_HASH);
    for text in ["", ".", "e5", "1e", "-", "0x10", "inf", "NaN", "Infinity", " 1", "1_000", "--1", "1-5"] {
        assert_eq!(decimal::parse(text), None, "{text:?}");
    }
    assert_eq!(
        ["1.", "+.5", "-1E+3", "1e999", "-0"].map(decimal::parse),
        [1.0, 0.5, -1e3, f64::INFINITY, -0.0].map(Some)
    );
}

#[test]
fn json_is_read_and_written_the_same_on_every_machine() {
    let text = r#"{"a":[1,-2.5,1e-7,null,true,false],"__proto__":{"b":"é\"\n"},"c":{},"d":[]}"#;
    let tree = json::read(text).expect("JSON");
    let Value::Object(fields) = &tree else { panic!("{tree:?}") };
    assert_eq!(fields.iter().map(|field| field.0.as_str()).collect::<Vec<_>>(), ["a", "__proto__", "c", "d"]);
    assert_eq!(json::field(fields, "d"), Some(&Value::List(Vec::new())));
    assert_eq!(json::write(&tree), text);
    for wrong in ["", "[1,2", "{a:1}", "1e999", "NaN", "'a'", "[1,]", "\u{1}"] {
        assert!(json::read(wrong).is_err(), "{wrong:?}");
    }
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(json::read(&nested(127)).is_ok() && json::read(&nested(128)).is_err());
    assert!(json::read(&nested(4000)).is_err());
}
