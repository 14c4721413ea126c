//! Data and initial parameters are the same bits everywhere: checked natively and in a browser.

use brink_engine::random::{Purpose, Stream};
use brink_engine::task::TASKS;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// FNV-1a over the bits of 10,000 normals of seed 1.
const NORMALS_HASH: u64 = 10449213297576721735;
/// FNV-1a over the inputs and labels of the validation examples of each task for seed 1.
const TASK_HASHES: [(&str, u64); 6] = [
    ("teacher", 13695572220333972638),
    ("digits", 5067044006868063186),
    ("spirals", 5991893496504380922),
    ("teacher_stream", 13695572220333972638),
    ("reverse", 11508951773974736752),
    ("sort", 215674363615641328),
];

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
    let found: Vec<(&str, u64)> = TASKS
        .iter()
        .map(|kind| {
            let data = kind.default_task().generate(1);
            let examples = data.validation();
            let inputs = examples.inputs.iter().map(|value| value.to_bits());
            (kind.id, hash(inputs.chain(examples.targets.iter().map(|&class| class as u32))))
        })
        .collect();
    assert_eq!(found, TASK_HASHES);
}
