//! The texts of the page in Indonesian.

use super::{text_value, translated_texts};

translated_texts! {
    title = "Brink: laboratorium ketakstabilan pelatihan";
    lead(runs) =
        "{runs} jaringan kecil dilatih bersamaan, masing-masing dengan laju pembelajaran (learning rate) lebih tinggi dari sebelumnya. Garis yang turun berarti belajar; silang berarti meledak. Di mana batasnya?";
    lead_empty = "Papan kosong. Urungkan mengembalikan yang dihapus; kendali mana pun memulai sekelompok run.";
    lead_training(name, base) =
        "{name} sedang berlatih. Apakah garisnya mencapai lebih jauh ke kanan daripada {base}, atau lebih rendah?";
    lead_none = "Tidak ada laju pada kisi ini yang bertahan: semuanya melewati batas. Lihat lebih ke kiri.";
    lead_edge(rate, edge) =
        "Laju pembelajaran terbaik (bintang) adalah {rate}; pada {edge} pelatihan rusak. Yang pertama dicoba: pemanasan (warmup), yang memulai tiap run dengan lembut.";
    lead_no_edge(rate) =
        "Laju pembelajaran terbaik (bintang) adalah {rate}, dan di atasnya tidak ada yang rusak. Lihat apa yang diubah pemanasan (warmup), awal yang lembut.";
    lead_clipping(before) =
        "{before} Berikutnya: potong gradien (clipping), agar tak ada langkah yang terlalu panjang. Ambang pertama yang baik adalah persentil ke-90 normanya (P90).";
    lead_norm(before) =
        "{before} Berikutnya: norm di dalam tiap blok. Arsitektur juga dapat membuat jaringan stabil.";
    lead_rule(before) =
        "{before} Berikutnya: pengoptimal lain. Laju pembelajarannya berarti lain: seluruh kurva akan bergeser.";
    lead_explore =
        "Anda telah melihat empat obat dari playbook. Gabungkan, ubah kedalaman atau tugas, ketik aturan sendiri, dan bagikan papan lewat tautannya.";
    star_moved(name, from, to) = "{name}: bintang bergeser dari {from} ke {to}.";
    star_stayed(name, from) = "{name}: bintang tetap di {from}.";
    star_none(name) = "{name}: tidak ada laju pada kisi ini yang terlatih.";
    try_warmup(steps) = "Coba pemanasan {steps}";
    try_clipping(threshold) = "Coba pemotongan di {threshold}";
    try_norm = "Coba norm di dalam";
    try_adam = "Coba Adam";
    try_lower = "Coba laju lebih rendah";
    try_higher = "Coba laju lebih tinggi";
    explain_diverged_early(rate, step) =
        "Run pada {rate} divergen pada langkah {step}, sebelum mempelajari apa pun: ketidakstabilan awal. Panduan menyarankan pemanasan lebih dulu.";
    explain_diverged_mid(rate, step) =
        "Run pada {rate} divergen pada langkah {step}, setelah mulai belajar: ketidakstabilan di tengah pelatihan; panduan menyarankan pemotongan gradien.";
    explain_diverged_alive(rate) = "Run pada {rate} berakhir di atas nilai awalnya dan di atas tebakan.";
    explain_early_instability(rate, step, peak) =
        "Pada {rate} loss naik menjadi {peak} kali nilai pertamanya pada langkah {step}: ketidakstabilan awal. Panduan menyarankan pemanasan lebih dulu.";
    explain_mid_instability(rate, step, peak) =
        "Pada {rate} loss naik lagi sejak langkah {step}, menjadi {peak} kali nilai terbaik sebelumnya: ketidakstabilan di tengah pelatihan; panduan menyarankan pemotongan gradien.";
    explain_collapsed(rate) = "Run pada {rate} tidak divergen, tetapi diam di sekitar nilai tebakan.";
    explain_not_yet_learned(rate) =
        "Run pada {rate} masih di atas nilai tebakan dan masih turun: belum belajar. Perlu lebih banyak langkah atau laju lebih tinggi.";
    at_the_end = "Yang terbaik adalah yang terakhir pada kisi: laju lebih tinggi mungkin lebih baik lagi.";
    setup = "Pengaturan";
    setup_show = "Ubah pengaturan";
    language = "Bahasa";
    theme = "Tema";
    theme_system = "seperti sistem";
    theme_light = "terang";
    theme_dark = "gelap";
    theme_projector = "proyektor";

    task = "Tugas";
    task_teacher = "jaringan guru";
    task_digits = "angka 8×8";
    task_spirals = "spiral";
    task_teacher_stream = "jaringan guru, contoh baru";
    task_reverse = "balik urutan";
    task_sort = "urutkan";
    label_noise = "Derau label (bagian)";
    sequence_length = "Panjang urutan";
    vocabulary = "Kosakata (token)";
    outlier_step = "Batch pencilan, pada langkah";
    outlier_factor = "Faktor pencilan";
    task_source(source) = "Sumber: {source}";
    network = "Jaringan";
    model = "Model";
    model_residual_mlp = "MLP residual";
    model_mlp = "MLP";
    model_transformer = "transformer";
    model_convnet = "jaringan konvolusi residual";
    depth = "Kedalaman";
    depth_residual_mlp = "Kedalaman (blok)";
    depth_mlp = "Kedalaman (lapisan tersembunyi)";
    depth_transformer = "Kedalaman (blok)";
    width = "Lebar";
    heads = "Kepala atensi";
    mlp_width = "Lebar MLP";
    stem_channels = "Kanal, konvolusi pertama";
    channels(block) = "Kanal, blok {block}";
    stride(block) = "Langkah geser, blok {block}";
    norm_kind = "Norm";
    norm_batch = "BatchNorm";
    norm_layer = "LayerNorm";
    pooling = "Sebelum keluaran";
    pooling_flatten = "diratakan";
    pooling_global = "rata-rata global";
    head_learning_rate = "Laju pembelajaran keluaran, faktor";
    activation = "Fungsi aktivasi";
    activation_relu = "ReLU";
    activation_tanh = "tanh";
    activation_gelu = "GELU";
    initial_scale = "Skala awal";
    placement = "Letak norm";
    placement_none = "tanpa";
    placement_pre = "pra";
    placement_inside = "dalam";
    placement_post = "pasca";
    final_norm = "Norm akhir, sebelum keluaran";
    branch = "Awal cabang";
    branch_plain = "biasa";
    branch_zero = "nol (bobot terakhir 0)";
    branch_rezero = "ReZero (skalar dipelajari, awal 0)";
    optimizer = "Pengoptimal";
    rate_grid = "Laju pembelajaran dasar";
    rate_lowest = "terendah";
    rate_factor = "faktor";
    rate_count = "jumlah run";
    schedule = "Jadwal";
    schedule_constant = "konstan";
    schedule_linear = "linear ke 0";
    schedule_cosine = "kosinus ke 0";
    warmup = "Pemanasan (warmup)";
    warmup_steps = "warmup_steps";
    clipping = "Pemotongan gradien (clipping)";
    threshold = "Ambang λ";
    clip_during_warmup = "Potong juga selama pemanasan";
    clip_window = "P90 bergerak: jumlah langkah sebelumnya (0: λ tetap)";
    would_clip(threshold, share) = "λ = {threshold} akan memotong {share} % pembaruan";
    clipping_off = "Tanpa pemotongan. Seret pegangan pada plot untuk mencoba ambang.";
    grip_help = "Atas dan bawah mencoba ambang, Enter menjadikannya varian, Escape membatalkan.";
    p90_infeasible = "Run ini tidak layak; pilih yang belajar.";
    use_p90(value) = "Pakai P90 ({value})";
    budget = "Anggaran";
    batch_size = "Ukuran batch";
    steps = "max_train_steps";
    seed = "Benih (seed)";
    validation_every = "Langkah antarvalidasi";
    full_gradient_every = "Norma gradien seluruh data, tiap n langkah (0: tidak)";
    critical_every = "Laju pembelajaran kritis, tiap n langkah (0: tidak)";
    not_between(value, least, most) = "{value} tidak di antara {least} dan {most}";
    none_of(value, known) = "{value} bukan salah satu dari {known}";
    unreadable(needs) = "membaca {needs}, yang tidak ada pada tugas ini";
    needs_numbers = "bilangan";
    needs_tokens = "urutan token";
    needs_images = "gambar";
    no_multiple(divisor, value) = "bukan kelipatan {divisor}, {value}";
    no_training_set = "tugas ini tidak memiliki data pelatihan yang tetap";
    own_learning_rate = "lapisan ini memiliki laju pembelajaran sendiri yang tidak tampak dalam persamaan; pilih lapisan lain";
    no_outlier_of_tokens = "token tidak mengenal pencilan";
    too_large(count, most) =
        "jaringan ini punya {count} parameter, paling banyak {most}; kurangi model.width atau model.depth";
    too_many_runs(count, most) = "{count} run, paling banyak {most}";
    not_in(value, range) = "{value} tidak berada dalam {range}";
    field_missing = "tidak ada";
    not_kind(value, kind) = "{value} bukan {kind}";
    kind_number = "bilangan";
    kind_whole(least, most) = "bilangan bulat dari {least} sampai {most}";
    kind_text = "teks";
    kind_boolean = "true atau false";
    kind_list = "daftar";
    kind_object = "objek";
    either(first, second) = "isi salah satu dari {first} atau {second}";
    no_field = "bidang itu tidak ada";
    not_json(detail) = "isinya tidak cocok; keterangan dalam bahasa Inggris: {detail}";
    refused(reason) = "Tidak dijalankan: {reason}";
    other_problem = "Kini masalah lain (tugas, ukuran, batch, atau benih): garis lama diredupkan.";
    too_many(count) = "Paling banyak {count} varian: hapus satu dahulu.";

    axis_plot = "Loss validasi akhir terhadap laju pembelajaran dasar";
    axis_help =
        "Bintang menandai lr*, silang menandai run yang tidak layak. Klik titik, atau pakai tombol panah, untuk memilih run.";
    loss_plot = "Loss pelatihan terhadap langkah";
    loss_help = "Warna dingin berarti laju rendah, hangat berarti tinggi; silang menandai langkah saat run mati.";
    validation_plot = "Loss validasi terhadap langkah";
    log_x = "log x";
    log_y = "log y";
    which_loss = "Loss";
    loss_training = "pelatihan";
    loss_validation = "validasi";
    column_step = "langkah";
    words_training = "Pelatihan berjalan; geser kursor untuk angka.";
    words_at(step) = "Pada langkah {step}:";
    words_nothing = "tidak ada";
    words_run(rate, value) = "run terpilih, laju pembelajaran {rate}: {value}";
    words_least(rate, value) = "yang terkecil, laju pembelajaran {rate}: {value}";
    words_dead(dead, count) = "{dead} dari {count} run mati";
    rate_plot = "Laju pembelajaran";
    norm_plot = "Norma gradien, sebelum pemotongan";
    clipped_share(threshold, share) = "λ = {threshold}: {share} % pembaruan dipotong";
    clipped_short(share) = "{share} % dipotong";
    table = "Tabel";
    column_variant = "varian";
    column_rate = "laju pembelajaran dasar";
    column_loss = "loss validasi akhir";
    column_state = "keadaan";
    state_waiting = "menunggu";
    state_training(step) = "berlatih, langkah {step}";
    verdict_died(step) = "divergen pada langkah {step}";
    verdict_diverged = "tidak layak: berakhir di atas awalnya";
    verdict_mid_instability = "tidak stabil di tengah pelatihan";
    verdict_early_instability = "tidak stabil di awal";
    verdict_collapsed = "tidak layak: setara tebakan";
    verdict_not_yet_learned = "tidak layak: belum belajar";
    verdict_above_chance = "tidak layak: loss validasi di atas tebakan";
    state_best = "lr*";
    verdict_stable = "stabil";

    equations(step, rate) = "Yang berjalan pada langkah {step}, laju dasar {rate}";
    rule_equation(name) = "Aturan pembaruan: {name}";
    rule_own = "Aturan sendiri…";
    rule_own_now(name) = "Aturan sendiri: {name}";
    rule_edit = "Ubah aturan";
    rule_text = "Aturan pembaruan sebagai teks";
    rule_help =
        "Nama (name); konstanta (constant) dengan rentangnya; keadaan (state) dengan nilai awalnya; lalu satu penugasan per baris, theta terakhir. Tersedia g (gradien), eta (laju pembelajaran langkah ini), dan t (langkah, mulai 0).";
    rule_error(line, column, message) = "Baris {line}, kolom {column}: {message}.";
    rule_at(line, column, message) = "baris {line}, kolom {column}: {message}";
    rule_long(bytes, most) = "aturan ini panjangnya {bytes} bita, padahal paling banyak {most}";
    rule_unexpected(expected, found) = "seharusnya {expected}, tetapi ditemukan {found}";
    found_text = "teks dalam tanda kutip";
    found_end = "akhir baris";
    expected_line = "`name`, `source`, `constant`, `state`, atau nama yang akan diberi nilai";
    expected_end = "akhir baris atau operator";
    expected_text = "teks dalam tanda kutip ganda";
    expected_name(role) = "nama untuk {role}";
    expected_number = "angka seperti 0.9 atau 1e-8";
    expected_bound = "angka atau `inf`";
    expected_in = "`in` dan rentang yang boleh, misalnya `in [0, 1)`";
    expected_range = "rentang, misalnya `[0, 1)`";
    expected_range_end = "`]` atau `)`";
    expected_operand = "angka, nama, fungsi, `-`, atau `(`";
    role_constant = "konstanta";
    role_state = "keadaan (state)";
    rule_no_name = "seharusnya ada baris `name \"...\"`; aturan ini belum bernama";
    rule_empty_name = "nama aturan kosong; seharusnya ada teks di antara tanda kutip";
    rule_repeated(name) = "aturan ini sudah punya {name}; seharusnya hanya satu baris `{name}`";
    rule_no_theta = "seharusnya ada baris terakhir `theta = ...`; aturan ini tidak pernah memberi nilai pada theta";
    rule_after_theta = "theta diberi nilai paling akhir; seharusnya tidak ada apa pun setelah barisnya";
    rule_never(name) = "keadaan (state) `{name}` tidak pernah diberi nilai; seharusnya ada baris `{name} = ...`";
    rule_twice(name) = "`{name}` sudah diberi nilai, padahal satu nama hanya boleh sekali; seharusnya nama lain";
    rule_taken(name, taken, role) = "`{name}` {taken}; seharusnya nama lain untuk {role}";
    taken_keyword = "adalah kata milik bahasa aturan";
    taken_function = "adalah fungsi";
    taken_given = "tersedia bagi setiap aturan dan tidak dapat diberi nilai";
    taken_parameter = "adalah parameter itu sendiri";
    taken_constant = "sudah menjadi konstanta";
    taken_state = "sudah menjadi keadaan (state)";
    rule_unknown(name, known) = "sampai di sini tidak ada yang bernama `{name}`; yang ada: {known}";
    rule_constants(most) = "satu aturan paling banyak punya {most} konstanta";
    rule_states(most) = "satu aturan paling banyak punya {most} keadaan (state)";
    rule_nodes(most) =
        "aturan ini memuat lebih dari {most} angka, nama, operator, dan fungsi; seharusnya lebih pendek";
    rule_nesting(most) = "ekspresi bersarang lebih dari {most} tingkat";
    rule_infinite = "ujung rentang yang takhingga bersifat terbuka; seharusnya `(` atau `)` di sana";
    rule_default(name, value, range) = "nilai bawaan `{name}` adalah {value}; seharusnya nilai dalam {range}";
    rule_power(most) =
        "pangkat dari nilai yang berbeda tiap parameter harus bilangan bulat dari 1 sampai {most}, atau negatifnya";
    rule_exponent = "pangkatnya berbeda tiap parameter; seharusnya skalar";
    rule_cosine = "cos dari nilai yang berbeda tiap parameter; seharusnya skalar";
    rule_huge(written, most) = "angka {written} terlalu besar; seharusnya paling banyak {most}";
    rule_character(written) = "`{written}` tidak berarti apa-apa di sini; seharusnya nama, angka, operator, atau `#`";
    rule_control = "teks ini memuat karakter kendali (control); seharusnya hanya yang dapat dicetak";
    rule_fine = "Aturan ini dapat dijalankan.";
    rule_commit = "Jalankan sebagai varian baru";
    rule_commit_key = "atau Ctrl+Enter";
    rule_restart(name) = "Mulai lagi dari {name}";
    warmup_on = "Pemanasan (nyala)";
    warmup_off = "Pemanasan (mati)";
    clipping_on = "Pemotongan (nyala)";
    block = "Blok";
    probe = "Satu parameter, sang probe";
    probe_what(name, index) =
        "Di bawah simbol: nilainya pada kursor untuk satu parameter, sang probe ({name}, indeks {index}).";
    symbol = "simbol";
    value = "nilai";
    rate_now = "η, langkah ini";
    norm_now = "‖g‖ sebelum pemotongan";
    scale_now = "skala pemotongan";
    loss_now = "loss pelatihan";
    nothing_yet = "Belum ada angka pada langkah ini.";
    run_is_dead = "Run ini mati pada langkah ini: parameternya diam.";

    happened = "Apa yang terjadi";
    happened_others(count) = "Varian lain ({count})";
    still_training = "masih berlatih";
    sentence_edge(rate, loss, edge) =
        "lr* adalah {rate}, loss {loss}. Run pertama di atasnya yang meledak atau tidak pernah belajar: {edge}.";
    sentence_unstable(rate, loss, unstable) =
        "lr* adalah {rate}, loss {loss}. Di atasnya, {unstable} adalah laju pertama yang tidak stabil.";
    sentence_no_edge(rate, loss) = "lr* adalah {rate}, loss {loss}. Semua laju di atasnya pada kisi ini stabil.";
    sentence_highest(rate, loss) = "lr* adalah {rate}, loss {loss}, laju tertinggi pada kisi ini.";
    sentence_lowest = "Itu yang terendah pada kisi: laju yang lebih rendah mungkin lebih baik lagi.";
    sentence_one_step(name) = "Itu satu langkah kisi dari lr* {name}: selisih kecil, yang dapat berbalik dengan benih lain.";
    sentence_none = "Tidak ada laju pada kisi ini yang terlatih.";
    sentence_higher(factor, name) = "Itu {factor} kali lr* dari {name}.";
    sentence_lower(factor, name) = "Itu 1/{factor} dari lr* {name}.";
    sentence_same(name) = "lr* sama dengan {name}.";

    run = "Jalankan";
    pause = "Jeda";
    step = "Langkah";
    reset = "Dari awal";
    progress(step, steps) = "langkah {step} / {steps}";
    speed(rate) = "{rate} langkah-run/dtk";
    transport = "Pelatihan dan kursor";
    training = "Pelatihan";
    latest = "Terbaru";
    cursor = "Kursor: langkah";
    backend_cpu(workers) = "CPU · {workers} pekerja";
    backend_gpu = "WebGPU";
    backend_gpu_software = "WebGPU, adaptor perangkat lunak";
    backend_gpu_missing(reason) = "WebGPU diminta tetapi tidak tersedia ({reason}); ini CPU.";
    backend_page = "CPU · di halaman ini sendiri";
    paused_hidden = "Dijeda selama tab ini tersembunyi; pelatihan berlanjut di langkah yang sama.";
    fault_on_page(reason) =
        "Pekerja (worker) tidak dapat dijalankan di sini ({reason}): halaman ini sendiri yang melatih, sepotong demi sepotong dan lebih lambat.";
    fault_replaced(reason) =
        "Satu pekerja (worker) hilang ({reason}). Pekerja lain melatih ulang bagiannya, dengan angka yang sama; tidak ada yang hilang.";
    fault_respawned(reason) =
        "Pekerja berakhir sebelum melatih apa pun ({reason}). Yang baru dimulai dengan cara lain.";
    no_room(megabytes) =
        "Tidak dijalankan: rekaman semua varian di papan paling banyak {megabytes} MB. Hapus satu, atau kurangi run atau langkah.";
    no_room_here = "tidak dilatih: papan tak punya ruang untuk rekamannya; hapus satu varian, lalu tekan Dari awal";
    link_asks(variants, runs, run_steps, megabytes) =
        "Tautan ini besar: {variants} varian, {runs} run, {run_steps} langkah-run, hingga {megabytes} MB memori. Belum ada yang dilatih.";
    link_start = "Latih";
    starting = "memulai";
    failed(reason) = "gagal: {reason}";
    bench = "Seberapa cepat pelatihan di sini";
    bench_running(work) = "mengukur {work} …";
    bench_done = "selesai";
    bench_work = "pekerjaan";
    bench_backend = "mesin";
    bench_runs = "pelatihan";
    bench_steps = "langkah";
    bench_seconds = "detik";
    bench_speed = "langkah-pelatihan per detik";
    bad_fragment(what) = "Alamat tidak dapat dibaca: {what}. Ini papan bawaan.";
    bad_fragment_kept(what) = "Alamat tidak dapat dibaca: {what}. Papan tetap seperti semula.";
    link_too_long(bytes, most) = "tautan sepanjang {bytes} bita, sedangkan paling banyak {most} yang dibaca";
    link_key(key, allowed) = "{key} tidak dikenal; yang boleh: {allowed}";
    link_twice(key) = "{key} tertulis dua kali; yang boleh hanya sekali";
    link_encoding(key) =
        "{key} memuat pengodean persen (percent-encoding) yang rusak (yang boleh: % dan dua digit heksadesimal, UTF-8)";
    link_value(key, value, allowed) = "{key}={value} tidak boleh; yang boleh: {allowed}";
    link_experiment(key, place, reason) = "{key} {place}: {reason}";
    link_same(first, second) = "varian {first} dan {second} sama";
    link_variants(count, most) = "{count} varian, sedangkan paling banyak {most} yang disimpan";

    share = "Bagikan";
    share_copied = "Tautan ke papan ini telah disalin.";
    share_refused = "Peramban tidak mengizinkan halaman menyalin. Salin tautan dari sini:";
    share_link = "Tautan ke papan ini";
    share_too_long(what) =
        "Papan ini terlalu besar untuk tautan: {what}. Alamat tidak lagi mengikutinya; hapus varian dengan aturan sendiri yang panjang.";
    undo = "Urungkan";
    redo = "Ulangi";

    variants = "Varian, dinamai menurut perbedaannya";
    hide(name) = "Sembunyikan {name}";
    show(name) = "Tampilkan {name}";
    delete(name) = "Hapus {name}";
    focus(name) = "Pilih {name}";
    delete_short = "hapus";
    no_warmup = "tanpa pemanasan";
    with_warmup(value) = "pemanasan {value}";
    no_clipping = "tanpa pemotongan";
    with_clipping(value) = "potong {value}";
    named_norm(value) = "norm {value}";
    named_no_norm = "tanpa norm";
    named_clip_warmup = "potong sejak awal";
    named_no_clip_warmup = "potong setelah pemanasan";
    named_clip_window(steps) = "potong pada P90 dari {steps} langkah";
    named_no_clip_window = "ambang pemotongan tetap";
    named_final_norm = "norm akhir";
    named_no_final_norm = "tanpa norm akhir";
    named_branch(value) = "cabang {value}";
    named_depth(value) = "kedalaman {value}";
    named_width(value) = "lebar {value}";
    named_label_noise(value) = "derau label {value}";
    named_length(value) = "panjang {value}";
    named_vocabulary(value) = "kosakata {value}";
    named_outlier(step) = "pencilan di langkah {step}";
    named_no_outlier = "tanpa pencilan";
    named_outlier_factor(value) = "pencilan ×{value}";
    named_heads(value) = "kepala {value}";
    named_mlp_width(value) = "lebar MLP {value}";
    named_stem(value) = "kanal awal {value}";
    named_channels(block, value) = "kanal {block}: {value}";
    named_stride(block, value) = "langkah geser {block}: {value}";
    named_head(value) = "keluaran ×{value}";
    named_full_gradient(value) = "gradien seluruh data tiap {value}";
    named_critical(value) = "laju kritis tiap {value}";
    named_scale(value) = "skala awal {value}";
    named_batch(value) = "batch {value}";
    named_steps(value) = "{value} langkah";
    named_seed(value) = "benih {value}";
    named_validation(value) = "divalidasi tiap {value} langkah";
    named_runs(count) = "{count} run tersendiri";
    named_rates(low, high) = "laju {low}–{high}";
}
