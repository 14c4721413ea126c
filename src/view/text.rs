//! All texts of the page, in English and Indonesian: a text that lacks a language does not compile.

/// A language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Indonesian.
    Indonesian,
}

impl Language {
    /// All languages, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::English, Self::Indonesian];

    /// The language's tag (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Indonesian => "id",
        }
    }

    /// The language of a tag such as "id" or "id-ID".
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?.to_ascii_lowercase();
        Self::ALL.into_iter().find(|language| language.tag() == primary)
    }

    /// The texts in this language.
    pub fn texts(self) -> &'static Texts {
        match self {
            Self::English => &ENGLISH,
            Self::Indonesian => &INDONESIAN,
        }
    }
}

macro_rules! texts {
    ($($name:ident: $english:literal, $indonesian:literal;)*) => {
        /// The texts of one language. `{name}` stands for a value that [`fill`] puts in.
        #[allow(missing_docs, reason = "a text's name and the text itself say it")]
        #[derive(Debug, PartialEq, Eq)]
        pub struct Texts {
            $(pub $name: &'static str,)*
        }
        static ENGLISH: Texts = Texts { $($name: $english,)* };
        static INDONESIAN: Texts = Texts { $($name: $indonesian,)* };
        #[cfg(test)]
        const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $english, $indonesian),)*];
    };
}

texts! {
    title: "Brink: a laboratory for training instability", "Brink: laboratorium ketakstabilan pelatihan";
    lead: "{runs} small networks train at once, each with a higher learning rate than the one before. A line that goes down learns; a cross has blown up. Where is the brink?",
        "{runs} jaringan kecil dilatih bersamaan, masing-masing dengan laju pembelajaran (learning rate) lebih tinggi dari sebelumnya. Garis yang turun berarti belajar; silang berarti meledak. Di mana batasnya?";
    lead_empty: "The board is empty. Undo brings back what was deleted; any control starts a family of runs.",
        "Papan kosong. Urungkan mengembalikan yang dihapus; kendali mana pun memulai sekelompok run.";
    lead_training: "{name} trains now. Does its line reach further to the right than that of {base}, or lower?",
        "{name} sedang berlatih. Apakah garisnya mencapai lebih jauh ke kanan daripada {base}, atau lebih rendah?";
    lead_none: "No learning rate of this grid survives: all are beyond the brink. Look further to the left.",
        "Tidak ada laju pada kisi ini yang bertahan: semuanya melewati batas. Lihat lebih ke kiri.";
    lead_edge: "The best learning rate (the star) is {rate}; at {edge} training breaks. First thing to try: warmup, which begins each run gently.",
        "Laju pembelajaran terbaik (bintang) adalah {rate}; pada {edge} pelatihan rusak. Yang pertama dicoba: pemanasan (warmup), yang memulai tiap run dengan lembut.";
    lead_no_edge: "The best learning rate (the star) is {rate}, and none above it breaks. See what warmup, a gentle start, changes.",
        "Laju pembelajaran terbaik (bintang) adalah {rate}, dan di atasnya tidak ada yang rusak. Lihat apa yang diubah pemanasan (warmup), awal yang lembut.";
    lead_clipping: "{before} Next: clip the gradient, so that no single step is too long. A good first threshold is the 90th percentile of its norms (P90).",
        "{before} Berikutnya: potong gradien (clipping), agar tak ada langkah yang terlalu panjang. Ambang pertama yang baik adalah persentil ke-90 normanya (P90).";
    lead_norm: "{before} Next: a norm inside each block. Architecture can make a network stable, too.",
        "{before} Berikutnya: norm di dalam tiap blok. Arsitektur juga dapat membuat jaringan stabil.";
    lead_rule: "{before} Next: another optimizer. Its learning rates mean something else: expect the whole curve to move.",
        "{before} Berikutnya: pengoptimal lain. Laju pembelajarannya berarti lain: seluruh kurva akan bergeser.";
    lead_explore: "You have seen the playbook's four remedies. Combine them, change depth or task, type a rule of your own, and share the board by its link.",
        "Anda telah melihat empat obat dari playbook. Gabungkan, ubah kedalaman atau tugas, ketik aturan sendiri, dan bagikan papan lewat tautannya.";
    star_moved: "{name}: the star moved from {from} to {to}.", "{name}: bintang bergeser dari {from} ke {to}.";
    star_stayed: "{name}: the star stays at {from}.", "{name}: bintang tetap di {from}.";
    star_none: "{name}: no learning rate of this grid trains.", "{name}: tidak ada laju pada kisi ini yang terlatih.";
    try_warmup: "Try warmup {steps}", "Coba pemanasan {steps}";
    try_clipping: "Try clipping at {threshold}", "Coba pemotongan di {threshold}";
    try_norm: "Try the norm inside", "Coba norm di dalam";
    try_adam: "Try Adam", "Coba Adam";
    try_lower: "Try lower learning rates", "Coba laju lebih rendah";
    try_higher: "Try higher learning rates", "Coba laju lebih tinggi";
    died_early: "The run at {rate} died at step {step}: early instability, for which the playbook names warmup.",
        "Run pada {rate} mati pada langkah {step}: ketakstabilan awal; obatnya menurut playbook adalah pemanasan.";
    died_late: "The run at {rate} died at step {step}, in mid-training, for which the playbook names gradient clipping.",
        "Run pada {rate} mati pada langkah {step}, di tengah pelatihan; obatnya menurut playbook adalah pemotongan gradien.";
    collapsed: "The run at {rate} is alive but never got better than guessing.", "Run pada {rate} hidup tetapi tak pernah lebih baik daripada menebak.";
    blown: "The run at {rate} ended far above where it began.", "Run pada {rate} berakhir jauh di atas awalnya.";
    at_the_end: "The best one is the last of the grid: a higher learning rate may be better still.",
        "Yang terbaik adalah yang terakhir pada kisi: laju lebih tinggi mungkin lebih baik lagi.";
    setup: "Setup", "Pengaturan";
    setup_show: "Change the setup", "Ubah pengaturan";
    language: "Language", "Bahasa";
    theme: "Theme", "Tema";
    theme_system: "as the system", "seperti sistem";
    theme_light: "light", "terang";
    theme_dark: "dark", "gelap";
    theme_projector: "projector", "proyektor";

    task: "Task", "Tugas";
    task_teacher: "teacher network", "jaringan guru";
    task_digits: "digits 8×8", "angka 8×8";
    task_spirals: "spirals", "spiral";
    task_stream: "teacher network, fresh examples", "jaringan guru, contoh baru";
    task_source: "Source: {source}", "Sumber: {source}";
    network: "Network", "Jaringan";
    model: "Model", "Model";
    model_residual: "residual MLP", "MLP residual";
    model_mlp: "MLP", "MLP";
    depth_blocks: "Depth (blocks)", "Kedalaman (blok)";
    depth_layers: "Depth (hidden layers)", "Kedalaman (lapisan tersembunyi)";
    width: "Width", "Lebar";
    activation: "Activation", "Fungsi aktivasi";
    initial_scale: "Initial scale", "Skala awal";
    placement: "Norm placement", "Letak norm";
    placement_none: "none", "tanpa";
    placement_pre: "pre", "pra";
    placement_inside: "inside", "dalam";
    placement_post: "post", "pasca";
    final_norm: "Final norm, before the head", "Norm akhir, sebelum keluaran";
    branch: "Branch start", "Awal cabang";
    branch_plain: "plain", "biasa";
    branch_zero: "zero (last weight 0)", "nol (bobot terakhir 0)";
    branch_rezero: "ReZero (learned scalar, 0 at start)", "ReZero (skalar dipelajari, awal 0)";
    optimizer: "Optimizer", "Pengoptimal";
    rate_grid: "Base learning rates", "Laju pembelajaran dasar";
    rate_lowest: "lowest", "terendah";
    rate_factor: "factor", "faktor";
    rate_count: "runs", "jumlah run";
    schedule: "Schedule", "Jadwal";
    schedule_constant: "constant", "konstan";
    schedule_linear: "linear to 0", "linear ke 0";
    schedule_cosine: "cosine to 0", "kosinus ke 0";
    warmup: "Warmup", "Pemanasan (warmup)";
    warmup_steps: "warmup_steps", "warmup_steps";
    clipping: "Gradient clipping", "Pemotongan gradien (clipping)";
    threshold: "Threshold λ", "Ambang λ";
    would_clip: "λ = {threshold} would clip {share} % of updates", "λ = {threshold} akan memotong {share} % pembaruan";
    clipping_off: "No clipping. Drag the grip on the plot to try a threshold.",
        "Tanpa pemotongan. Seret pegangan pada plot untuk mencoba ambang.";
    grip_help: "Up and down try a threshold, Enter makes a variant of it, Escape leaves it.",
        "Atas dan bawah mencoba ambang, Enter menjadikannya varian, Escape membatalkan.";
    p90_infeasible: "This run is infeasible; choose one that learns.", "Run ini tidak layak; pilih yang belajar.";
    use_p90: "Use P90 ({value})", "Pakai P90 ({value})";
    budget: "Budget", "Anggaran";
    batch_size: "Batch size", "Ukuran batch";
    steps: "max_train_steps", "max_train_steps";
    seed: "Seed", "Benih (seed)";
    not_between: "{value} is not between {least} and {most}", "{value} tidak di antara {least} dan {most}";
    none_of: "{value} is none of {known}", "{value} bukan salah satu dari {known}";
    too_large: "the network has {count} parameters, at most {most} are allowed; lower model.width or model.depth",
        "jaringan ini punya {count} parameter, paling banyak {most}; kurangi model.width atau model.depth";
    too_many_runs: "{count} runs, at most {most} are allowed", "{count} run, paling banyak {most}";
    not_in: "{value} is not in {range}", "{value} tidak berada dalam {range}";
    field_missing: "is missing", "tidak ada";
    not_kind: "{value} is not {kind}", "{value} bukan {kind}";
    kind_number: "a number", "bilangan";
    kind_whole: "a whole number from 0 to {most}", "bilangan bulat dari 0 sampai {most}";
    kind_text: "a text", "teks";
    kind_boolean: "true or false", "true atau false";
    kind_list: "a list", "daftar";
    kind_object: "an object", "objek";
    either: "give either {first} or {second}", "isi salah satu dari {first} atau {second}";
    no_field: "there is no such field", "bidang itu tidak ada";
    not_json: "{detail}", "isinya tidak cocok; keterangan dalam bahasa Inggris: {detail}";
    refused: "Not run: {reason}", "Tidak dijalankan: {reason}";
    other_problem: "Another problem now (task, size, batch or seed): the older lines are dimmed.",
        "Kini masalah lain (tugas, ukuran, batch, atau benih): garis lama diredupkan.";
    too_many: "At most {count} variants are kept: delete one first.", "Paling banyak {count} varian: hapus satu dahulu.";

    axis_plot: "Final validation loss against base learning rate", "Loss validasi akhir terhadap laju pembelajaran dasar";
    axis_help: "A star marks lr*, a cross an infeasible run. Click a point, or use the arrow keys, to focus a run.",
        "Bintang menandai lr*, silang menandai run yang tidak layak. Klik titik, atau pakai tombol panah, untuk memilih run.";
    loss_plot: "Training loss against step", "Loss pelatihan terhadap langkah";
    loss_help: "Cool colours are low learning rates, warm ones high; a cross marks the step at which a run died.",
        "Warna dingin berarti laju rendah, hangat berarti tinggi; silang menandai langkah saat run mati.";
    validation_plot: "Validation loss against step", "Loss validasi terhadap langkah";
    log_x: "log x", "log x";
    log_y: "log y", "log y";
    which_loss: "Loss", "Loss";
    loss_training: "training", "pelatihan";
    loss_validation: "validation", "validasi";
    column_step: "step", "langkah";
    words_training: "Training goes on; move the cursor for numbers.", "Pelatihan berjalan; geser kursor untuk angka.";
    words_at: "At step {step}:", "Pada langkah {step}:";
    words_nothing: "nothing", "tidak ada";
    words_run: "the focused run, learning rate {rate}: {value}", "run terpilih, laju pembelajaran {rate}: {value}";
    words_least: "the least, learning rate {rate}: {value}", "yang terkecil, laju pembelajaran {rate}: {value}";
    words_dead: "{dead} of {count} runs dead", "{dead} dari {count} run mati";
    rate_plot: "Learning rate", "Laju pembelajaran";
    norm_plot: "Gradient norm, before clipping", "Norma gradien, sebelum pemotongan";
    clipped_share: "λ = {threshold}: {share} % of updates clipped", "λ = {threshold}: {share} % pembaruan dipotong";
    clipped_short: "{share} % clipped", "{share} % dipotong";
    table: "Table", "Tabel";
    column_variant: "variant", "varian";
    column_rate: "base learning rate", "laju pembelajaran dasar";
    column_loss: "final validation loss", "loss validasi akhir";
    column_state: "state", "keadaan";
    state_waiting: "waiting", "menunggu";
    state_training: "training, step {step}", "berlatih, langkah {step}";
    state_diverged: "dead at step {step}", "mati pada langkah {step}";
    state_collapsed: "infeasible: at chance", "tidak layak: setara tebakan";
    state_blown: "infeasible: far above its start", "tidak layak: jauh di atas awalnya";
    state_best: "lr*", "lr*";
    state_feasible: "feasible", "layak";

    equations: "What runs at step {step}, base learning rate {rate}", "Yang berjalan pada langkah {step}, laju dasar {rate}";
    rule_equation: "Update rule: {name}", "Aturan pembaruan: {name}";
    rule_own: "Your own rule…", "Aturan sendiri…";
    rule_own_now: "Your own rule: {name}", "Aturan sendiri: {name}";
    rule_edit: "Edit the rule", "Ubah aturan";
    rule_text: "The update rule as text", "Aturan pembaruan sebagai teks";
    rule_help: "A name; constants, each with its range; states, each with its first value; then one assignment a line, theta last. Given are g (the gradient), eta (the learning rate of the step) and t (the step, from 0).",
        "Nama (name); konstanta (constant) dengan rentangnya; keadaan (state) dengan nilai awalnya; lalu satu penugasan per baris, theta terakhir. Tersedia g (gradien), eta (laju pembelajaran langkah ini), dan t (langkah, mulai 0).";
    rule_error: "Line {line}, column {column}: {message}.", "Baris {line}, kolom {column}: {message}.";
    rule_at: "line {line}, column {column}: {message}", "baris {line}, kolom {column}: {message}";
    rule_long: "the rule has {bytes} bytes, but at most {most} are allowed",
        "aturan ini panjangnya {bytes} bita, padahal paling banyak {most}";
    rule_unexpected: "expected {expected}, found {found}", "seharusnya {expected}, tetapi ditemukan {found}";
    found_text: "a quoted text", "teks dalam tanda kutip";
    found_end: "the end of the line", "akhir baris";
    expected_line: "`name`, `source`, `constant`, `state` or a name to assign",
        "`name`, `source`, `constant`, `state`, atau nama yang akan diberi nilai";
    expected_end: "the end of the line or an operator", "akhir baris atau operator";
    expected_text: "a text in double quotes", "teks dalam tanda kutip ganda";
    expected_name: "the name of a {role}", "nama untuk {role}";
    expected_number: "a number such as 0.9 or 1e-8", "angka seperti 0.9 atau 1e-8";
    expected_bound: "a number or `inf`", "angka atau `inf`";
    expected_in: "`in` and the range allowed, such as `in [0, 1)`", "`in` dan rentang yang boleh, misalnya `in [0, 1)`";
    expected_range: "a range, such as `[0, 1)`", "rentang, misalnya `[0, 1)`";
    expected_range_end: "`]` or `)`", "`]` atau `)`";
    expected_operand: "a number, a name, a function, `-` or `(`", "angka, nama, fungsi, `-`, atau `(`";
    role_constant: "constant", "konstanta";
    role_state: "state", "keadaan (state)";
    rule_no_name: "expected a line `name \"...\"`; the rule has no name",
        "seharusnya ada baris `name \"...\"`; aturan ini belum bernama";
    rule_empty_name: "the rule's name is empty; expected a text between the quotes",
        "nama aturan kosong; seharusnya ada teks di antara tanda kutip";
    rule_repeated: "the rule has a {name} already; expected one line `{name}`",
        "aturan ini sudah punya {name}; seharusnya hanya satu baris `{name}`";
    rule_no_theta: "expected a last line `theta = ...`; the rule never assigns theta",
        "seharusnya ada baris terakhir `theta = ...`; aturan ini tidak pernah memberi nilai pada theta";
    rule_after_theta: "theta is assigned last; expected nothing after its line",
        "theta diberi nilai paling akhir; seharusnya tidak ada apa pun setelah barisnya";
    rule_never: "the state `{name}` is never assigned; expected a line `{name} = ...`",
        "keadaan (state) `{name}` tidak pernah diberi nilai; seharusnya ada baris `{name} = ...`";
    rule_twice: "`{name}` is assigned already, and a name is assigned at most once; expected another name",
        "`{name}` sudah diberi nilai, padahal satu nama hanya boleh sekali; seharusnya nama lain";
    rule_taken: "`{name}` {taken}; expected another name for the {role}", "`{name}` {taken}; seharusnya nama lain untuk {role}";
    taken_keyword: "is a word of the language", "adalah kata milik bahasa aturan";
    taken_function: "is a function", "adalah fungsi";
    taken_given: "is given to every rule and cannot be assigned",
        "tersedia bagi setiap aturan dan tidak dapat diberi nilai";
    taken_parameter: "is the parameter itself", "adalah parameter itu sendiri";
    taken_constant: "is a constant already", "sudah menjadi konstanta";
    taken_state: "is a state already", "sudah menjadi keadaan (state)";
    rule_unknown: "nothing is named `{name}` up to here; there are {known}",
        "sampai di sini tidak ada yang bernama `{name}`; yang ada: {known}";
    rule_constants: "a rule may declare at most {most} constants", "satu aturan paling banyak punya {most} konstanta";
    rule_states: "a rule may declare at most {most} states", "satu aturan paling banyak punya {most} keadaan (state)";
    rule_nodes: "the rule has more than {most} numbers, names, operators and functions; expected a shorter one",
        "aturan ini memuat lebih dari {most} angka, nama, operator, dan fungsi; seharusnya lebih pendek";
    rule_nesting: "the expression is nested more than {most} deep", "ekspresi bersarang lebih dari {most} tingkat";
    rule_infinite: "an infinite end of a range is open; expected `(` or `)` there",
        "ujung rentang yang takhingga bersifat terbuka; seharusnya `(` atau `)` di sana";
    rule_default: "the default of `{name}` is {value}; expected a value in {range}",
        "nilai bawaan `{name}` adalah {value}; seharusnya nilai dalam {range}";
    rule_power: "the power of a value that differs from parameter to parameter must be an integer from 1 to {most}, or minus one",
        "pangkat dari nilai yang berbeda tiap parameter harus bilangan bulat dari 1 sampai {most}, atau negatifnya";
    rule_exponent: "the exponent differs from parameter to parameter; expected a scalar",
        "pangkatnya berbeda tiap parameter; seharusnya skalar";
    rule_huge: "the number {written} is too large; expected at most {most}",
        "angka {written} terlalu besar; seharusnya paling banyak {most}";
    rule_character: "`{written}` has no meaning here; expected a name, a number, an operator or `#`",
        "`{written}` tidak berarti apa-apa di sini; seharusnya nama, angka, operator, atau `#`";
    rule_control: "the text holds a control character; expected printable ones",
        "teks ini memuat karakter kendali (control); seharusnya hanya yang dapat dicetak";
    rule_fine: "This rule can run.", "Aturan ini dapat dijalankan.";
    rule_commit: "Run as a new variant", "Jalankan sebagai varian baru";
    rule_commit_key: "or Ctrl+Enter", "atau Ctrl+Enter";
    rule_restart: "Start again from {name}", "Mulai lagi dari {name}";
    warmup_on: "Warmup (on)", "Pemanasan (nyala)";
    warmup_off: "Warmup (off)", "Pemanasan (mati)";
    clipping_on: "Clipping (on)", "Pemotongan (nyala)";
    block: "Block", "Blok";
    probe: "One parameter, the probe", "Satu parameter, sang probe";
    probe_what: "Below the symbols: their values at the cursor for one parameter, the probe ({name}, index {index}).",
        "Di bawah simbol: nilainya pada kursor untuk satu parameter, sang probe ({name}, indeks {index}).";
    symbol: "symbol", "simbol";
    value: "value", "nilai";
    rate_now: "η, this step", "η, langkah ini";
    norm_now: "‖g‖ before clipping", "‖g‖ sebelum pemotongan";
    scale_now: "clip scale", "skala pemotongan";
    loss_now: "training loss", "loss pelatihan";
    nothing_yet: "No numbers at this step yet.", "Belum ada angka pada langkah ini.";
    run_is_dead: "This run is dead at this step: its parameters stand still.", "Run ini mati pada langkah ini: parameternya diam.";

    happened: "What happened", "Apa yang terjadi";
    happened_others: "The other variants ({count})", "Varian lain ({count})";
    still_training: "still training", "masih berlatih";
    sentence_edge: "lr* is {rate}, loss {loss}. The first run above it that blows up or never learns is {edge}.",
        "lr* adalah {rate}, loss {loss}. Run pertama di atasnya yang meledak atau tidak pernah belajar: {edge}.";
    sentence_no_edge: "lr* is {rate}, loss {loss}. Every learning rate above it trains too.",
        "lr* adalah {rate}, loss {loss}. Semua laju di atasnya juga terlatih.";
    sentence_none: "No learning rate of this grid trains.", "Tidak ada laju pada kisi ini yang terlatih.";
    sentence_higher: "That is {factor} times the lr* of {name}.", "Itu {factor} kali lr* dari {name}.";
    sentence_lower: "That is 1/{factor} of the lr* of {name}.", "Itu 1/{factor} dari lr* {name}.";
    sentence_same: "The same lr* as {name}.", "lr* sama dengan {name}.";

    run: "Run", "Jalankan";
    pause: "Pause", "Jeda";
    step: "Step", "Langkah";
    reset: "Reset", "Dari awal";
    progress: "step {step} / {steps}", "langkah {step} / {steps}";
    speed: "{rate} run-steps/s", "{rate} langkah-run/dtk";
    transport: "Training and cursor", "Pelatihan dan kursor";
    training: "Training", "Pelatihan";
    latest: "Latest", "Terbaru";
    cursor: "Cursor: step", "Kursor: langkah";
    backend_cpu: "CPU · {workers} workers", "CPU · {workers} pekerja";
    backend_gpu: "WebGPU", "WebGPU";
    backend_gpu_software: "WebGPU, software adapter", "WebGPU, adaptor perangkat lunak";
    backend_gpu_missing: "WebGPU was asked for and is not to be had ({reason}); this is the CPU.",
        "WebGPU diminta tetapi tidak tersedia ({reason}); ini CPU.";
    backend_page: "CPU · on the page itself", "CPU · di halaman ini sendiri";
    paused_hidden: "Paused while this tab is hidden; training goes on at the same step.",
        "Dijeda selama tab ini tersembunyi; pelatihan berlanjut di langkah yang sama.";
    fault_on_page: "No worker can be started here ({reason}): the page itself trains, in short slices and more slowly.",
        "Pekerja (worker) tidak dapat dijalankan di sini ({reason}): halaman ini sendiri yang melatih, sepotong demi sepotong dan lebih lambat.";
    fault_replaced: "A worker was lost ({reason}). Another one trains its runs again, to the same numbers; nothing is lost.",
        "Satu pekerja (worker) hilang ({reason}). Pekerja lain melatih ulang bagiannya, dengan angka yang sama; tidak ada yang hilang.";
    starting: "starting", "memulai";
    failed: "failed: {reason}", "gagal: {reason}";
    bench: "How fast training is here", "Seberapa cepat pelatihan di sini";
    bench_running: "measuring {work} …", "mengukur {work} …";
    bench_done: "done", "selesai";
    bench_work: "work", "pekerjaan";
    bench_backend: "backend", "mesin";
    bench_runs: "runs", "pelatihan";
    bench_steps: "steps", "langkah";
    bench_seconds: "seconds", "detik";
    bench_speed: "run-steps per second", "langkah-pelatihan per detik";
    bad_fragment: "The address cannot be read: {what}. This is the default board.",
        "Alamat tidak dapat dibaca: {what}. Ini papan bawaan.";
    bad_fragment_kept: "The address cannot be read: {what}. The board stays as it was.",
        "Alamat tidak dapat dibaca: {what}. Papan tetap seperti semula.";
    link_too_long: "a link of {bytes} bytes, and at most {most} are read",
        "tautan sepanjang {bytes} bita, sedangkan paling banyak {most} yang dibaca";
    link_key: "{key} is not known; allowed are {allowed}", "{key} tidak dikenal; yang boleh: {allowed}";
    link_twice: "{key} stands there twice; once is allowed", "{key} tertulis dua kali; yang boleh hanya sekali";
    link_encoding: "{key} has a broken percent-encoding (allowed: % and two hexadecimal digits, UTF-8)",
        "{key} memuat pengodean persen (percent-encoding) yang rusak (yang boleh: % dan dua digit heksadesimal, UTF-8)";
    link_value: "{key}={value} is not allowed; allowed: {allowed}", "{key}={value} tidak boleh; yang boleh: {allowed}";
    link_experiment: "{key} {place}: {reason}", "{key} {place}: {reason}";
    link_same: "variants {first} and {second} are the same", "varian {first} dan {second} sama";
    link_variants: "{count} variants, and at most {most} are kept", "{count} varian, sedangkan paling banyak {most} yang disimpan";

    share: "Share", "Bagikan";
    share_copied: "The link to this board is copied.", "Tautan ke papan ini telah disalin.";
    share_refused: "The browser does not let the page copy. Copy the link from here:",
        "Peramban tidak mengizinkan halaman menyalin. Salin tautan dari sini:";
    share_link: "Link to this board", "Tautan ke papan ini";
    share_too_long: "This board is too large for a link: {what}. The address no longer follows it; delete variants with a long rule of their own.",
        "Papan ini terlalu besar untuk tautan: {what}. Alamat tidak lagi mengikutinya; hapus varian dengan aturan sendiri yang panjang.";
    undo: "Undo", "Urungkan";
    redo: "Redo", "Ulangi";

    variants: "Variants, named by what differs", "Varian, dinamai menurut perbedaannya";
    hide: "Hide {name}", "Sembunyikan {name}";
    show: "Show {name}", "Tampilkan {name}";
    delete: "Delete {name}", "Hapus {name}";
    focus: "Focus {name}", "Pilih {name}";
    delete_short: "delete", "hapus";
    no_warmup: "no warmup", "tanpa pemanasan";
    with_warmup: "warmup {value}", "pemanasan {value}";
    no_clipping: "no clipping", "tanpa pemotongan";
    with_clipping: "clip {value}", "potong {value}";
    named_norm: "norm {value}", "norm {value}";
    named_no_norm: "no norm", "tanpa norm";
    named_final_norm: "final norm", "norm akhir";
    named_no_final_norm: "no final norm", "tanpa norm akhir";
    named_branch: "branch {value}", "cabang {value}";
    named_depth: "depth {value}", "kedalaman {value}";
    named_width: "width {value}", "lebar {value}";
    named_scale: "initial scale {value}", "skala awal {value}";
    named_batch: "batch {value}", "batch {value}";
    named_steps: "{value} steps", "{value} langkah";
    named_seed: "seed {value}", "benih {value}";
    named_rates: "rates {low}–{high}", "laju {low}–{high}";
}

/// Puts values in the places of a text: `{name}` becomes the value of that name.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        rest = &rest[open..];
        let Some(close) = rest.find('}') else { break };
        let name = &rest[1..close];
        match values.iter().find(|(key, _)| *key == name) {
            Some((_, value)) => out.push_str(value),
            None => out.push_str(&rest[..=close]),
        }
        rest = &rest[close + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<&str> {
        let mut names: Vec<&str> =
            text.split('{').skip(1).filter_map(|part| part.split_once('}').map(|p| p.0)).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn both_languages_have_the_same_places() {
        for (name, english, indonesian) in ALL {
            assert_eq!(places(english), places(indonesian), "{name}");
            assert!(!english.trim().is_empty() && !indonesian.trim().is_empty(), "{name}");
        }
    }

    #[test]
    fn places_are_filled_once_and_values_are_left_alone() {
        assert_eq!(fill("{a} and {b}", &[("a", "{b}"), ("b", "2")]), "{b} and 2");
        assert_eq!(fill("no {such} place {", &[]), "no {such} place {");
    }

    #[test]
    fn tags_of_regions_find_their_language() {
        assert_eq!(Language::from_tag("id-ID"), Some(Language::Indonesian));
        assert_eq!(Language::from_tag("EN_gb"), Some(Language::English));
        assert_eq!(Language::from_tag("fr"), None);
    }
}
