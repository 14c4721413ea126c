//! The texts of the page in Indonesian.

use super::translated_texts;

translated_texts! {
    Comma;
    title = "Brink: laboratorium ketidakstabilan pelatihan";
    lead(runs) =
        "{runs} jaringan kecil dilatih bersamaan, masing-masing dengan laju pembelajaran (learning rate) lebih tinggi dari sebelumnya. Kurva yang turun sedang belajar; silang menandai pelatihan yang divergen. Di mana tepinya?";
    lead_empty = "Papan kosong. Tombol Urungkan mengembalikan yang dihapus; kendali mana pun memulai sekelompok pelatihan.";
    lead_training(name, base) =
        "{name} sedang dilatih. Apakah ia belajar pada laju yang lebih tinggi daripada {base}, atau berakhir lebih rendah?";
    lead_none = "Tidak ada laju pada kisi ini yang bertahan: semuanya melewati batas. Lihat lebih ke kiri.";
    lead_edge(rate, edge) =
        "Laju pembelajaran terbaik (bintang) adalah {rate}; pada {edge} pelatihan menjadi tidak stabil. Yang pertama dicoba: pemanasan (warmup), yang memulai tiap pelatihan dengan lembut.";
    lead_one_rate(rate) =
        "Semua pelatihan memakai laju {rate}; bedanya hanya pemanasannya. Silang menandai pemanasan yang terlalu pendek: mana yang terpendek yang bertahan?";
    lead_no_edge(rate) =
        "Laju pembelajaran terbaik (bintang) adalah {rate}, dan di atasnya tidak ada yang tidak stabil. Lihat apa yang diubah pemanasan (warmup), awal yang lembut.";
    lead_clipping(before) =
        "{before} Berikutnya: potong gradien (clipping), agar tak ada langkah yang terlalu panjang. Ambang pertama yang baik adalah persentil ke-90 normanya (P90).";
    lead_norm(before) =
        "{before} Berikutnya, kembali dari jaringan pertama: normalisasi di dalam tiap blok. Arsitektur juga dapat membuat jaringan stabil.";
    lead_rule(before) =
        "{before} Berikutnya, kembali dari jaringan pertama: pengoptimal lain. Laju pembelajarannya berarti lain: seluruh kurva akan bergeser.";
    lead_explore(before) =
        "{before} Anda telah melihat empat perbaikan dari playbook. Buka sebuah kisah, ubah jaringannya, ketik aturan sendiri, dan bagikan papan lewat tautannya.";
    star_moved(name, from, to) = "{name}: bintang bergeser dari {from} ke {to}.";
    star_stayed(name, from) = "{name}: bintang tetap di {from}.";
    star_none(name) = "{name}: tidak ada laju pada kisi ini yang terlatih.";
    try_norm = "Coba normalisasi di dalam";
    fix_warmup(steps) = "Coba pemanasan {steps}";
    fix_clipping(threshold) = "Coba pemotongan di {threshold}";
    fix_optimizer = "Coba Adam";
    fix_norm = "Coba normalisasi sebelum setiap cabang";
    fix_norm_last = "Coba normalisasi di akhir setiap cabang";
    fix_zero_branch = "Coba cabang ReZero";
    fix_lower_rate = "Coba laju lebih rendah, upaya terakhir";
    clips_most(share) = "Namun {share}% pembaruan terpotong: lebih dari separuh sama saja dengan menurunkan laju pembelajaran, jadi turunkan saja lajunya.";
    try_lower = "Coba laju lebih rendah";
    try_higher = "Coba laju lebih tinggi";
    explain_diverged_early(rate, step) =
        "Pelatihan pada {rate} divergen pada langkah {step}, sebelum mempelajari apa pun: ketidakstabilan awal.";
    explain_warmup = "Playbook menyarankan pemanasan lebih dulu.";
    explain_diverged_mid(rate, step) =
        "Pelatihan pada {rate} divergen pada langkah {step}, setelah mulai belajar: ketidakstabilan di tengah pelatihan; playbook menyarankan pemotongan gradien.";
    explain_diverged_alive(rate) = "Pelatihan pada {rate} berakhir di atas nilai awalnya dan di atas tebakan.";
    explain_early_instability(rate, step, peak) =
        "Pada {rate} kerugian naik menjadi {peak} kali nilai pertamanya pada langkah {step}: ketidakstabilan awal.";
    explain_mid_instability(rate, step, peak) =
        "Pada {rate} kerugian naik lagi sejak langkah {step}, menjadi {peak} kali nilai terbaik sebelumnya: ketidakstabilan di tengah pelatihan; playbook menyarankan pemotongan gradien.";
    explain_collapsed(rate) = "Pelatihan pada {rate} tidak divergen, tetapi diam di sekitar nilai tebakan.";
    explain_not_yet_learned(rate) =
        "Pelatihan pada {rate} masih di atas nilai tebakan dan masih turun: belum belajar. Perlu lebih banyak langkah atau laju lebih tinggi.";
    at_the_end = "Yang terbaik adalah yang terakhir pada kisi: laju lebih tinggi mungkin lebih baik lagi.";
    setup = "Jaringan dan anggaran";
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
    norm_kind = "Normalisasi";
    norm_batch = "BatchNorm";
    norm_layer = "LayerNorm";
    pooling = "Sebelum keluaran";
    pooling_flatten = "diratakan";
    pooling_global = "rata-rata global";
    head_learning_rate = "Laju pembelajaran lapisan keluaran, faktor";
    activation = "Fungsi aktivasi";
    activation_relu = "ReLU";
    activation_tanh = "tanh";
    activation_gelu = "GELU";
    initial_scale = "Skala awal";
    placement = "Letak normalisasi";
    placement_none = "tanpa";
    placement_pre = "pra";
    placement_inside = "dalam";
    placement_post = "pasca";
    final_norm = "Normalisasi akhir, sebelum keluaran";
    branch = "Awal cabang";
    branch_plain = "biasa";
    branch_zero = "nol (bobot terakhir 0)";
    branch_rezero = "ReZero (skalar dipelajari, awal 0)";
    optimizer = "Pengoptimal";
    rate_grid = "Laju pembelajaran dasar";
    rate_lowest = "terendah";
    rate_factor = "faktor";
    rate_count = "jumlah pelatihan";
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
    would_clip(threshold, share) = "λ = {threshold} akan memotong {share}% pembaruan";
    clipping_off = "Tanpa pemotongan. Seret pegangan pada plot untuk mencoba ambang.";
    grip_help = "Atas dan bawah mencoba ambang, Enter menjadikannya varian, Escape membatalkan.";
    p90_infeasible = "Pelatihan ini tidak layak; pilih yang belajar.";
    use_p90(value) = "Pakai P90 ({value})";
    budget = "Anggaran";
    batch_size = "Ukuran batch";
    steps = "max_train_steps";
    seed = "Seed";
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
    too_many_runs(count, most) = "{count} pelatihan, paling banyak {most}";
    not_in(value, range) = "{value} tidak berada dalam {range}";
    field_missing = "tidak ada";
    not_kind(value, kind) = "{value} bukan {kind}";
    kept(reason, value) = "{reason}. Nilainya tetap {value}.";
    from_to(least, most) = "{least} sampai {most}";
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
    other_problem = "Tugas, ukuran, batch, atau seed lain: garis lama tidak sebanding dan diredupkan.";
    too_many(count) = "Paling banyak {count} varian: hapus satu dahulu.";

    step_axis = "langkah t";
    loss_axis = "kerugian (nat)";
    rate_axis = "laju pembelajaran dasar";
    final_loss_axis = "kerugian validasi akhir (nat)";
    diverged_band = "divergen";
    rate_bar = "Laju pembelajaran: pilih satu pelatihan";
    half_clipped = "Ini cara lain untuk menurunkan laju pembelajaran: turunkan saja lajunya.";
    axis_plot = "Kerugian validasi akhir terhadap laju pembelajaran dasar";
    axis_help = "★ lr*, × tidak layak. Klik sebuah titik untuk memilih pelatihannya.";
    loss_plot = "Kerugian pelatihan terhadap langkah";
    validation_plot = "Kerugian validasi terhadap langkah";
    log_x = "log x";
    log_y = "log y";
    which_loss = "Kerugian";
    loss_training = "pelatihan";
    loss_validation = "validasi";
    column_step = "langkah";
    words_training = "Pelatihan berjalan; geser kursor untuk angka.";
    words_at(step) = "Pada langkah {step}:";
    words_nothing = "tanpa nilai";
    words_run(rate, value) = "pelatihan terpilih, laju pembelajaran {rate}: {value}";
    words_least(rate, value) = "yang terkecil, laju pembelajaran {rate}: {value}";
    words_dead(dead, count) = "{dead} dari {count} pelatihan tidak lagi berhingga";
    rate_plot = "Laju pembelajaran";
    norm_plot = "Norma gradien, sebelum pemotongan";
    clipped_share(threshold, share) = "λ = {threshold}: {share}% pembaruan dipotong";
    clipped_short(share) = "{share}% dipotong";
    table = "Tabel";
    save = "Simpan";
    save_svg = "Gambar, SVG";
    save_png = "Gambar, PNG";
    save_csv = "Angka, CSV";
    column_variant = "varian";
    column_rate = "laju pembelajaran dasar";
    column_loss = "kerugian validasi akhir";
    column_state = "keadaan";
    state_waiting = "menunggu";
    state_training(step) = "dilatih, langkah {step}";
    verdict_died(step) = "divergen pada langkah {step}";
    verdict_diverged = "tidak layak: berakhir di atas awalnya";
    verdict_mid_instability = "tidak stabil di tengah pelatihan";
    verdict_early_instability = "tidak stabil di awal";
    verdict_collapsed = "tidak layak: setara tebakan";
    verdict_not_yet_learned = "tidak layak: belum belajar";
    verdict_above_chance = "tidak layak: kerugian validasi di atas tebakan";
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
    clipping_on = "Pemotongan (nyala)";
    block = "Blok";
    probe = "Parameter contoh";
    probe_what(name, index) =
        "Di bawah simbol: nilainya pada kursor untuk satu parameter, parameter contoh ({name}, indeks {index}).";
    symbol = "simbol";
    value = "nilai";
    rate_now = "η, langkah ini";
    norm_now = "‖g‖ sebelum pemotongan";
    scale_now = "skala pemotongan";
    loss_now = "kerugian pelatihan";
    nothing_yet = "Belum ada angka pada langkah ini.";
    run_is_dead = "Pelatihan ini mati pada langkah ini: parameternya diam.";

    happened = "Apa yang terjadi";
    happened_others(count) = "Varian lain ({count})";
    still_training = "masih dilatih";
    sentence_star(rate, loss) = "lr* adalah {rate}, kerugian {loss}.";
    sentence_edge(edge) = "Di atas lr*, {edge} adalah laju pertama yang meledak atau tidak pernah belajar.";
    sentence_unstable(unstable) = "Di atas lr*, {unstable} adalah laju berikutnya yang tidak stabil.";
    sentence_no_edge = "Semua laju di atas lr* pada kisi ini stabil.";
    sentence_highest = "Itu laju tertinggi pada kisi ini.";
    sentence_one_rate(rate, feasible, count, best, loss) =
        "Semua pelatihan memakai laju {rate}, dan {feasible} dari {count} dapat dipilih. Yang terbaik, {best}, berakhir pada kerugian {loss}.";
    sentence_lowest = "Itu yang terendah pada kisi: laju yang lebih rendah mungkin lebih baik lagi.";
    sentence_one_step(name) = "Itu satu langkah kisi dari lr* {name}: selisih kecil, yang dapat berbalik dengan seed lain.";
    sentence_none = "Tidak ada laju pada kisi ini yang terlatih.";
    sentence_higher(factor, name) = "Itu {factor} kali lr* dari {name}.";
    sentence_lower(factor, name) = "Itu 1/{factor} dari lr* {name}.";
    sentence_same(name) = "lr* sama dengan {name}.";

    run = "Jalankan";
    pause = "Jeda";
    step = "Maju 1 langkah";
    reset = "Mulai ulang";
    progress(step, steps) = "langkah {step} / {steps}";
    speed(rate) = "{rate} langkah-pelatihan/dtk";
    transport = "Pelatihan dan kursor";
    training = "Pelatihan";
    latest = "Terbaru";
    cursor_at(step) = "kursor di {step}";
    cursor = "Kursor: langkah";
    backend_cpu_one = "CPU · 1 worker";
    backend_cpu(workers) = "CPU · {workers} worker";
    backend_gpu = "WebGPU";
    backend_gpu_software = "WebGPU, adaptor perangkat lunak";
    backend_gpu_missing(reason) = "WebGPU tidak tersedia ({reason}); CPU yang dipakai.";
    backend_page = "CPU · di halaman ini sendiri";
    paused_hidden = "Dijeda selama tab ini tersembunyi; pelatihan berlanjut di langkah yang sama.";
    fault_on_page(reason) =
        "Worker tidak dapat dijalankan di sini ({reason}): halaman ini sendiri yang melatih, sepotong demi sepotong dan lebih lambat.";
    fault_replaced(reason) =
        "Satu worker hilang ({reason}). Worker lain melatih ulang bagiannya, dengan angka yang sama; tidak ada yang hilang.";
    fault_respawned(reason) =
        "Worker berakhir sebelum melatih apa pun ({reason}). Yang baru dimulai dengan cara lain.";
    no_room(megabytes) =
        "Tidak dijalankan: rekaman semua varian di papan paling banyak {megabytes} MB. Hapus satu, atau kurangi pelatihan atau langkah.";
    no_room_here = "tidak dilatih: papan tak punya ruang untuk rekamannya; hapus satu varian, lalu tekan Mulai ulang";
    link_asks(variants, runs, run_steps, megabytes) =
        "Tautan ini besar: {variants} varian, {runs} pelatihan, {run_steps} langkah-pelatihan, hingga {megabytes} MB memori. Belum ada yang dilatih.";
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
    locked(name) = "{name} dikunci oleh alamat halaman ini: nilainya tetap.";
    bad_query(what) = "Sebagian alamat tidak dipakai: {what}.";
    link_too_long(bytes, most) = "tautan sepanjang {bytes} bita, sedangkan paling banyak {most} yang dibaca";
    link_key(key, allowed) = "{key} tidak dikenal; yang boleh: {allowed}";
    link_twice(key) = "{key} tertulis dua kali; yang boleh hanya sekali";
    link_encoding(key) =
        "{key} memuat pengodean persen (percent-encoding) yang rusak (yang boleh: % dan dua digit heksadesimal, UTF-8)";
    link_value(key, value, allowed) = "{key}={value} tidak boleh; yang boleh: {allowed}";
    link_experiment(key, place, reason) = "{key} {place}: {reason}";
    link_same(first, second) = "varian {first} dan {second} sama";
    link_variants(count, most) = "{count} varian, sedangkan paling banyak {most} yang disimpan";

    places = "Tempat";
    place_lab = "Laboratorium";
    place_chapter = "Bab";
    contents = "Isi";
    glossary = "Glosarium";
    glossary_all = "Semua istilah";
    close = "Tutup";
    explain(term) = "Apa itu {term}?";
    answer_right = "Benar.";
    answer_wrong = "Belum tepat: coba jawaban lain.";
    show_still = "Tampilkan gambarnya: itulah jawabannya";
    answer_not = "Belum tepat.";
    answer_kept = "Jawaban Anda disimpan. Jalankan gambar di bawah, lalu bandingkan.";
    happened_so(seed) = "Pada pelatihan barusan (seed {seed}) pernyataan gambar ini terbukti.";
    happened_otherwise(seed) =
        "Pada pelatihan barusan (seed {seed}) pernyataan gambar ini tidak terbukti. Pernyataan itu berlaku untuk sebagian besar seed, bukan semua: jalankan seed lain.";
    guess_help = "Geser setiap penanda, atau pakai tombol panah; lalu jalankan gambar di bawah.";
    guess_best = "Laju pembelajaran terbaik, lr*";
    guess_edge = "Laju pertama di atasnya yang rusak";
    guess_found(name, rate) = "{name}: {rate}.";
    guess_exact(name, rate) = "{name}: {rate}, tepat seperti jawaban Anda.";
    guess_high(name, rate, guess, factor) = "{name}: {rate}. Jawaban Anda {guess}: {factor} kali terlalu tinggi.";
    guess_low(name, rate, guess, factor) = "{name}: {rate}. Jawaban Anda {guess}: {factor} kali terlalu rendah.";
    guess_none(name) = "{name}: tidak ada pada kisi ini.";
    run_it = "Jalankan";
    no_figure(ids) = "Alamat tidak menyebut gambar; tulis #figure= dan salah satu dari: {ids}.";
    figure_changed = "Memuat angka Anda sendiri; terbukti tidaknya pernyataan dihitung untuk gambar apa adanya.";
    figure_trains = "Sedang dilatih …";
    another_seed = "Jalankan dengan seed lain";
    open_in_lab = "Buka di laboratorium";
    held_on(held, count) = "Pernyataan ini terbukti pada {held} dari {count} seed, baru saja.";
    skip = "Langsung ke yang dicoba berikutnya";
    switches = "Yang menggeser tepi";
    arm_standard = "baku";
    arm_changed = "diubah";
    arm_changed_warmup_100 = "diubah, pemanasan 100";
    arm_changed_warmup_200 = "diubah, pemanasan 200";
    arm_changed_head_learning_rate_4 = "diubah, seperempat laju lapisan keluaran";
    arm_warmups = "aneka pemanasan";
    arm_transformer = "transformer";
    arm_as_many_steps_without_warmup = "langkah sama banyak tanpa pemanasan";
    arm_sweep = "penyapuan";
    arm_unclipped = "tanpa pemotongan";
    arm_clipped_at_p90 = "dipotong pada P90";
    arm_post = "normalisasi pasca";
    arm_post_warmup_100 = "normalisasi pasca, pemanasan 100";
    arm_pre = "normalisasi pra";
    arm_pre_warmup_100 = "normalisasi pra, pemanasan 100";
    arm_post_100_steps_more = "normalisasi pasca, 100 langkah lagi";
    arm_pre_100_steps_more = "normalisasi pra, 100 langkah lagi";
    arm_as_it_should_be = "sebagaimana mestinya";
    arm_too_large = "terlalu besar";
    arm_with_warmup = "dengan pemanasan";
    arm_with_clipping = "dengan pemotongan";
    arm_with_both = "dengan keduanya";
    arm_adam = "Adam";
    arm_momentum = "Momentum";
    arm_batch_8 = "batch 8";
    arm_batch_32 = "batch 32";
    arm_batch_64 = "batch 64";
    stories = "Kisah";
    stories_help = "Setiap kisah membuka sebuah papan. Isi papan sebelumnya kembali dengan Urungkan.";
    story_4 = "Gambar 4: satu langkah geser diubah";
    story_line_4 = "Langkah geser 1 alih-alih 2 membuat laju pembelajaran tinggi tidak stabil dan yang rendah lebih baik; pemanasan memperbaikinya.";
    story_4_norm = "Gambar 4, perubahan lain";
    story_line_4_norm = "Normalisasi di dalam cabang, bukan di depannya: kisah yang sama dengan penyebab lain.";
    story_5 = "Gambar 5: ketidakstabilan awal";
    story_line_5 = "Lonjakan pada dua puluh langkah pertama yang tidak pernah terlihat oleh evaluasi setiap seratus langkah.";
    story_6 = "Gambar 6: berapa lama pemanasan?";
    story_line_6 = "Satu laju pembelajaran, pemanasan 1 sampai 1000 langkah: yang terpendek yang bertahan sudah cukup.";
    story_7a = "Gambar 7a: tepi";
    story_line_7a = "Jaringan residual tanpa normalisasi: laju pembelajaran terbaiknya tepat di samping tepi.";
    story_7b = "Gambar 7b: ketidakstabilan di tengah pelatihan";
    story_line_7b = "Kerugian turun, lalu naik lagi selagi laju pembelajaran masih menanjak.";
    story_8 = "Gambar 8: letak normalisasi";
    story_line_8 = "Normalisasi pasca, normalisasi pra, pemanasan: masing-masing menggeser laju pembelajaran terbaik sebuah transformer.";
    story_9 = "Gambar 9: pemotongan gradien";
    story_line_9 = "Laju pembelajaran yang sepuluh kali terlalu tinggi tetap belajar setelah gradiennya dipotong.";
    story_initialisation = "Inisialisasi yang buruk";
    story_line_initialisation = "Bobot awal tiga kali terlalu besar: pemotongan memperbaikinya, pemanasan saja tidak.";
    story_adam_deep = "Adam pada jaringan dalam";
    story_line_adam_deep = "Dua puluh blok tanpa normalisasi: Adam belajar pada lebih banyak laju daripada Momentum, dan berakhir lebih rendah.";
    story_batch_size = "Ukuran batch";
    story_line_batch_size = "Tiga ukuran batch dengan jumlah epoch yang sama: berjauhan pada satu laju, berdekatan pada bintang masing-masing.";

    share = "Bagikan";
    share_copied = "Tautan ke papan ini telah disalin.";
    share_refused = "Peramban tidak mengizinkan halaman menyalin. Salin tautan dari sini:";
    share_link = "Tautan ke papan ini";
    share_too_long(what) =
        "Papan ini terlalu besar untuk tautan: {what}. Alamat tidak lagi mengikutinya; hapus varian dengan aturan sendiri yang panjang.";

    guide = "Yang dicoba, dan yang terjadi";
    equations_panel = "Persamaan";
    figure_panel = "Gambar dari bab, dengan pernyataannya";
    begin_click = "setelah diklik";
    begin_visible = "begitu terlihat";
    embed = "Sematkan";
    embed_title = "Papan ini di halaman lain";
    embed_help = "Salin baris berikut ke HTML sebuah halaman, pelajaran, atau buku. Pelatihan di dalamnya hanya berjalan selama bingkai terlihat.";
    embed_show = "Yang ditampilkan";
    embed_lock = "Yang tidak dapat diubah pembaca";
    embed_begin = "Mulai dilatih";
    embed_html = "HTML";
    embed_look = "Lihat di tab baru";
    copy = "Salin";
    copied = "Telah disalin.";
    copy_refused = "Peramban tidak mengizinkan halaman menyalin; barisnya sudah dipilih.";
    open_in_brink = "Buka di Brink";
    begin_load = "langsung";
    procedures = "Prosedur";
    procedures_help =
        "Yang disarankan playbook untuk jaringan yang tidak stabil, selangkah demi selangkah, pada varian terpilih. Papan tidak berubah.";
    procedure_on(name) = "Pada {name}.";
    procedure_start_on(name) = "Mulai pada {name}";
    procedure_start = "Mulai";
    procedure_again = "Mulai lagi";
    procedure_cancel = "Batalkan";
    procedure_trains(name) = "Sedang dilatih: {name}.";
    procedure_arms(count) = "{count} selesai sejauh ini.";
    procedure_cancelled = "Dibatalkan. Yang sudah dilatih ada di bawah.";
    procedure_nothing_feasible =
        "Tidak ada laju pembelajaran yang layak pada kisi ini. Turunkan kisinya di Jaringan dan anggaran, lalu mulai lagi.";
    procedure_nothing_unstable =
        "Tidak ada laju di atas lr* yang tidak stabil, jadi tidak ada yang perlu diperbaiki. Naikkan kisinya di Jaringan dan anggaran, lalu mulai lagi.";
    procedure_failed(reason) = "Berhenti: {reason}.";
    procedure_found = "Yang ditemukan";
    procedure_put = "Taruh di papan";
    procedure_put_all = "Taruh semua di papan";
    procedure_put_one(name) = "Taruh di papan: {name}";
    procedure_back = "Kembali ke laboratorium";
    procedure_target = "Sasaran, sebagai kelipatan laju pertama yang tidak stabil";
    procedure_target_down = "10, dan lebih rendah bila tak ada yang bertahan";
    yes = "ya";
    no = "tidak";
    procedure_diagnose = "Diagnosis";
    procedure_about_diagnose =
        "Semua langkahnya sekaligus: lakukan penyapuan laju pembelajaran, lihat apakah lr* berada di tepi, namai ketidakstabilan di atasnya, lalu coba setiap perbaikan yang cocok menurut urutan playbook dan lihat hasil masing-masing.";
    procedure_sweep = "Penyapuan";
    procedure_about_sweep =
        "Melatih kisi laju pembelajaran, merapatkannya di sekitar lr*, lalu melihat kurva pada 1, 2, 5, dan 10 lr*.";
    procedure_early_check = "Pemeriksaan awal";
    procedure_about_early_check =
        "Melatih 500 langkah pada dua kali lr* dan mengevaluasi setiap langkahnya. Evaluasi tiap seratus langkah, seperti yang sering dilakukan, dapat melewatkan apa yang terjadi di sana.";
    procedure_warmup = "Cari pemanasan terpendek";
    procedure_about_warmup =
        "Membidik sepuluh kali laju pertama yang tidak stabil, memperpanjang pemanasan sampai ada pelatihan yang bertahan dan belajar, menaruh pemanasan itu di depan pelatihan Anda, lalu membandingkan checkpoint terbaik, juga dengan jumlah langkah yang sama tanpa pemanasan.";
    procedure_clip = "Pilih ambang pemotongan";
    procedure_about_clip =
        "Melihat norma gradien pada lr*, memotong pada persentil ke-90 dan lebih ketat, lalu menyebutkan berapa banyak pembaruan yang terpotong dan laju mana yang sama akibatnya. Setelah itu dicoba dua hal yang dibiarkan terbuka oleh playbook: memotong selama pemanasan, dan ambang yang mengikuti norma.";
    procedure_initialisation = "Inisialisasi yang buruk";
    procedure_about_initialisation =
        "Membuat bobot awal tiga kali terlalu besar, lalu memperbaikinya dengan pemanasan, dengan pemotongan, dan dengan keduanya.";
    procedure_compare = "Bandingkan pengoptimal dengan adil";
    procedure_about_compare =
        "Enam aturan, masing-masing pada laju terbaiknya sendiri, dengan seed dan batch yang sama; lalu perbandingan yang tidak adil, semuanya pada satu laju.";
    procedure_batch_size = "Bandingkan ukuran batch";
    procedure_about_batch_size =
        "Ukuran batch 8, 32, dan 64 dengan jumlah epoch yang sama: mula-mula pada satu laju, lalu masing-masing pada lajunya sendiri. Selisih yang tersisa adalah akibat ukuran batch itu sendiri.";
    report_sweep(rate, loss) = "Setelah dirapatkan, lr* adalah {rate}, dengan kerugian validasi akhir {loss}.";
    report_at_edge = "lr* berada di tepi: memperbaiki ketidakstabilannya kemungkinan besar membantu.";
    report_not_at_edge = "lr* tidak berada di tepi: ketidakstabilan di atasnya mungkin bukan pembatas jaringan ini.";
    report_check(rate, first, highest) = "Pada {rate} kerugian mulai dari {first} dan naik sampai {highest}.";
    report_check_diverged(rate) =
        "Pada {rate} pelatihan divergen untuk seterusnya, yang tidak mungkin terlewat. Ketidakstabilan awal bersembunyi di antara evaluasi bila pelatihan pulih darinya: pemeriksaan pada laju yang lebih rendah mungkin memperlihatkannya.";
    report_infeasible(names) = "Tidak ada laju pada kisi ini yang layak untuk: {names}.";
    report_check_missed =
        "Evaluasi tiap seratus langkah akan melewatkan kenaikan itu: ketidakstabilan awal bersembunyi di antara evaluasi.";
    report_check_seen = "Evaluasi tiap seratus langkah pun akan memperlihatkan kenaikan.";
    report_check_calm =
        "Kerugian tidak pernah melebihi nilai pertamanya: tidak ada ketidakstabilan awal pada laju ini.";
    report_warmup(steps, rate) = "Pemanasan terpendek yang bertahan pada {rate} adalah {steps} langkah.";
    report_warmup_losses(warm, base, matched) =
        "Checkpoint terbaik: {warm} dengan pemanasan, {base} tanpa, {matched} dengan jumlah langkah yang sama tanpa pemanasan.";
    report_warmup_long =
        "Pemanasan ini lebih dari 10% pelatihan, di luar saran playbook: pilih sasaran yang lebih rendah.";
    report_warmup_more = "Pemanasan ini lebih dari 5% pelatihan: tambah langkah pelatihan sebanyak itu.";
    report_warmup_short = "Pemanasan ini kurang dari 5% pelatihan: tidak perlu langkah tambahan.";
    report_no_warmup =
        "Tidak ada pemanasan yang dicoba yang bertahan, pada sasaran mana pun. Coba perbaikan lain dahulu: pemotongan, atau normalisasi.";
    report_clip(tight) =
        "Lebih dari separuh pembaruan pada lr* dipotong oleh: {tight}. Itu cara lain untuk menurunkan laju pembelajaran, dan playbook menyarankan menurunkan lajunya saja; lr* masing-masing ada di tabel.";
    report_clip_fine = "Tidak ada ambang yang dicoba yang memotong lebih dari separuh pembaruan.";
    report_batch(fixed, tuned) =
        "Pada satu laju, kerugiannya berselisih {fixed}; setelah masing-masing disetel, {tuned}.";
    report_calm(rate) =
        "lr* adalah {rate}, dan tidak ada laju di atasnya pada kisi ini yang tidak stabil: tidak ada yang perlu diperbaiki. Lebarkan kisi untuk melihat lebih jauh.";
    report_star(rate, unstable) = "lr* adalah {rate}; {unstable} adalah laju pertama di atasnya yang tidak stabil.";
    report_best(name, loss) =
        "Kerugian validasi akhir terendah, masing-masing pada lr* sendiri: {name}, dengan {loss}.";
    fact_advised = "sesuai saran playbook (paling banyak 10%)";
    fact_at_edge = "lr* berada di tepi";
    fact_best_baseline = "checkpoint terbaik tanpa pemanasan";
    fact_best_loss_at_star = "checkpoint terbaik pada lr*";
    fact_best_matched = "checkpoint terbaik, jumlah langkah sama tanpa pemanasan";
    fact_best_warm = "checkpoint terbaik dengan pemanasan di depan";
    fact_check_rate = "laju pembelajaran pemeriksaan";
    fact_clipped_at_star = "bagian pembaruan yang terpotong pada lr*";
    fact_equal_rate = "laju pembelajaran yang sama akibatnya";
    fact_final_loss_at_rate = "kerugian validasi akhir pada laju itu";
    fact_final_loss_at_star = "kerugian validasi akhir pada lr*";
    fact_first_loss = "kerugian pertama";
    fact_gap_fixed = "selisih pada satu laju";
    fact_gap_tuned = "selisih, masing-masing disetel";
    fact_highest_loss = "kerugian tertinggi, tiap langkah";
    fact_highest_loss_seldom = "kerugian tertinggi, tiap langkah ke-100";
    fact_highest_of_grid = "lr* adalah yang tertinggi pada kisi";
    fact_highest_step = "langkah dengan kerugian tertinggi";
    fact_instability = "ketidakstabilan di atas lr*";
    fact_lower_rate_instead = "turunkan saja laju pembelajaran";
    fact_lower_rate_loss = "kerugian validasi akhir pada laju lebih rendah itu, tanpa pemotongan";
    fact_lowest_of_grid = "lr* adalah yang terendah pada kisi";
    fact_more_steps = "disarankan lebih banyak langkah (lebih dari 5%)";
    fact_norm_percentile = "norma gradien pada lr*, persentil";
    fact_one_rate = "satu laju untuk semua";
    fact_refined_star = "lr*, dirapatkan";
    fact_seen = "kenaikan terlihat, tiap langkah";
    fact_seen_seldom = "kenaikan terlihat, tiap langkah ke-100";
    fact_shortest_warmup = "pemanasan terpendek yang bertahan, pada kelipatan ini";
    fact_star = "lr*";
    fact_target_rate = "laju pembelajaran sasaran";
    fact_unstable_rate = "unstable_base_learning_rate";
    fact_verdict = "penilaian";
    fact_warmup_found = "pemanasan ditemukan";
    fact_warmup_fraction = "pemanasan sebagai bagian max_train_steps";
    fact_warmup_steps = "warmup_steps";
    fact_working_range = "rentang kerja (tertinggi dibagi terendah yang layak)";

    undo = "Urungkan";
    redo = "Ulangi";

    variants = "Varian, dinamai menurut perbedaannya";
    hide(name) = "Sembunyikan {name}";
    show(name) = "Tampilkan {name}";
    delete(name) = "Hapus {name}";
    focus(name) = "Pilih {name}";
    no_warmup = "tanpa pemanasan";
    with_warmup(value) = "pemanasan {value}";
    no_clipping = "tanpa pemotongan";
    with_clipping(value) = "potong {value}";
    named_norm(value) = "normalisasi {value}";
    named_no_norm = "tanpa normalisasi";
    named_clip_warmup = "potong sejak awal";
    named_no_clip_warmup = "potong setelah pemanasan";
    named_clip_window(steps) = "potong pada P90 dari {steps} langkah";
    named_no_clip_window = "ambang pemotongan tetap";
    named_final_norm = "normalisasi akhir";
    named_no_final_norm = "tanpa normalisasi akhir";
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
    named_head(value) = "lapisan keluaran ×{value}";
    named_full_gradient(value) = "gradien seluruh data tiap {value}";
    named_critical(value) = "laju kritis tiap {value}";
    named_scale(value) = "skala awal {value}";
    named_batch(value) = "batch {value}";
    named_steps(value) = "{value} langkah";
    named_seed(value) = "seed {value}";
    named_validation(value) = "divalidasi tiap {value} langkah";
    named_run(rate) = "laju {rate}";
    named_runs(count) = "{count} pelatihan tersendiri";
    named_rates(low, high) = "laju {low}–{high}";
}
