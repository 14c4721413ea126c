//! The texts of the page in English: the source that every other language translates.

use std::borrow::Cow;

use super::{source_texts, text_method};

source_texts! {
    Point;
    title = "Brink: a laboratory for training instability";
    lead(runs) =
        "{runs} small networks train at once, each with a higher learning rate than the one before. Falling curves are learning; a cross marks a run that diverged. Where is the brink?";
    lead_empty = "The board is empty. Undo brings back what was deleted; any control starts a family of runs.";
    lead_training(name, base) =
        "{name} is training. Does it learn at a higher learning rate than {base}, or end lower?";
    lead_none = "No learning rate of this grid survives: all are beyond the brink. Look further to the left.";
    lead_edge(rate, edge) =
        "The best learning rate (the star) is {rate}; at {edge} training breaks. First thing to try: warmup, which begins each run gently.";
    lead_no_edge(rate) =
        "The best learning rate (the star) is {rate}, and none above it breaks. See what warmup, a gentle start, changes.";
    lead_clipping(before) =
        "{before} Next: clip the gradient, so that no single step is too long. A good first threshold is the 90th percentile of its norms (P90).";
    lead_norm(before) = "{before} Next: a norm inside each block. Architecture can make a network stable, too.";
    lead_rule(before) =
        "{before} Next: another optimizer. Its learning rates mean something else: expect the whole curve to move.";
    lead_explore =
        "You have seen four of the playbook's remedies. Open a story, change the network, type a rule of your own, and share the board by its link.";
    star_moved(name, from, to) = "{name}: the star moved from {from} to {to}.";
    star_stayed(name, from) = "{name}: the star stays at {from}.";
    star_none(name) = "{name}: no learning rate of this grid trains.";
    try_norm = "Try the norm inside";
    fix_warmup(steps) = "Try warmup {steps}";
    fix_clipping(threshold) = "Try clipping at {threshold}";
    fix_optimizer = "Try Adam";
    fix_norm = "Try a norm before each branch";
    fix_norm_last = "Try the norm last in each branch";
    fix_zero_branch = "Try ReZero branches";
    fix_lower_rate = "Try lower learning rates, the last resort";
    clips_most(share) = "But it clips {share} % of the updates: more than half is a way to lower the learning rate, so lower it instead.";
    try_lower = "Try lower learning rates";
    try_higher = "Try higher learning rates";
    explain_diverged_early(rate, step) =
        "The run at {rate} diverged at step {step}, before it had learned anything: early instability.";
    explain_warmup = "The playbook suggests warmup first.";
    explain_diverged_mid(rate, step) =
        "The run at {rate} diverged at step {step}, after it had learned something: mid-training instability, for which the playbook suggests gradient clipping.";
    explain_diverged_alive(rate) = "The run at {rate} ended above both where it began and chance.";
    explain_early_instability(rate, step, peak) =
        "At {rate} the loss rose to {peak} times its first value at step {step}: early instability.";
    explain_mid_instability(rate, step, peak) =
        "At {rate} the loss rose again from step {step}, to {peak} times its best before: mid-training instability, for which the playbook suggests gradient clipping.";
    explain_collapsed(rate) = "The run at {rate} did not diverge, but it stands still at about chance.";
    explain_not_yet_learned(rate) =
        "The run at {rate} is above chance and still falls: it has not learned yet. It needs more steps or a higher learning rate.";
    at_the_end = "The best one is the last of the grid: a higher learning rate may be better still.";
    setup = "Network and budget";
    language = "Language";
    theme = "Theme";
    theme_system = "as the system";
    theme_light = "light";
    theme_dark = "dark";
    theme_projector = "projector";

    task = "Task";
    task_teacher = "teacher network";
    task_digits = "digits 8×8";
    task_spirals = "spirals";
    task_teacher_stream = "teacher network, fresh examples";
    task_reverse = "reverse a sequence";
    task_sort = "sort a sequence";
    label_noise = "Label noise (fraction)";
    sequence_length = "Sequence length";
    vocabulary = "Vocabulary (tokens)";
    outlier_step = "Outlier batch, at step";
    outlier_factor = "Outlier factor";
    task_source(source) = "Source: {source}";
    network = "Network";
    model = "Model";
    model_residual_mlp = "residual MLP";
    model_mlp = "MLP";
    model_transformer = "transformer";
    model_convnet = "residual convnet";
    depth = "Depth";
    depth_residual_mlp = "Depth (blocks)";
    depth_mlp = "Depth (hidden layers)";
    depth_transformer = "Depth (blocks)";
    width = "Width";
    heads = "Attention heads";
    mlp_width = "MLP width";
    stem_channels = "Channels, first convolution";
    channels(block) = "Channels, block {block}";
    stride(block) = "Stride, block {block}";
    norm_kind = "Norm";
    norm_batch = "BatchNorm";
    norm_layer = "LayerNorm";
    pooling = "Before the head";
    pooling_flatten = "flatten";
    pooling_global = "global pooling";
    head_learning_rate = "Head learning rate, factor";
    activation = "Activation";
    activation_relu = "ReLU";
    activation_tanh = "tanh";
    activation_gelu = "GELU";
    initial_scale = "Initial scale";
    placement = "Norm placement";
    placement_none = "none";
    placement_pre = "pre";
    placement_inside = "inside";
    placement_post = "post";
    final_norm = "Final norm, before the head";
    branch = "Branch start";
    branch_plain = "plain";
    branch_zero = "zero (last weight 0)";
    branch_rezero = "ReZero (learned scalar, 0 at start)";
    optimizer = "Optimizer";
    rate_grid = "Base learning rates";
    rate_lowest = "lowest";
    rate_factor = "factor";
    rate_count = "runs";
    schedule = "Schedule";
    schedule_constant = "constant";
    schedule_linear = "linear to 0";
    schedule_cosine = "cosine to 0";
    warmup = "Warmup";
    warmup_steps = "warmup_steps";
    clipping = "Gradient clipping";
    threshold = "Threshold λ";
    clip_during_warmup = "Clip during warmup, too";
    clip_window = "Trailing P90: steps looked back on (0: λ stays)";
    would_clip(threshold, share) = "λ = {threshold} would clip {share} % of updates";
    clipping_off = "No clipping. Drag the grip on the plot to try a threshold.";
    grip_help = "Up and down try a threshold, Enter makes a variant of it, Escape leaves it.";
    p90_infeasible = "This run is infeasible; choose one that learns.";
    use_p90(value) = "Use P90 ({value})";
    budget = "Budget";
    batch_size = "Batch size";
    steps = "max_train_steps";
    seed = "Seed";
    validation_every = "Steps between validations";
    full_gradient_every = "Full-loss gradient norm, every n steps (0: never)";
    critical_every = "Critical learning rate, every n steps (0: never)";
    not_between(value, least, most) = "{value} is not between {least} and {most}";
    none_of(value, known) = "{value} is none of {known}";
    unreadable(needs) = "reads {needs}, which the task does not have";
    needs_numbers = "numbers";
    needs_tokens = "sequences of tokens";
    needs_images = "images";
    no_multiple(divisor, value) = "is not a multiple of {divisor}, {value}";
    no_training_set = "the task has no training set that stays";
    own_learning_rate = "this layer has a learning rate of its own, which the equations do not show; choose another layer";
    no_outlier_of_tokens = "tokens have no outliers";
    too_large(count, most) =
        "the network has {count} parameters, at most {most} are allowed; lower model.width or model.depth";
    too_many_runs(count, most) = "{count} runs, at most {most} are allowed";
    not_in(value, range) = "{value} is not in {range}";
    field_missing = "is missing";
    not_kind(value, kind) = "{value} is not {kind}";
    kept(reason, value) = "{reason}. It stays {value}.";
    from_to(least, most) = "{least} to {most}";
    kind_number = "a number";
    kind_whole(least, most) = "a whole number from {least} to {most}";
    kind_text = "a text";
    kind_boolean = "true or false";
    kind_list = "a list";
    kind_object = "an object";
    either(first, second) = "give either {first} or {second}";
    no_field = "there is no such field";
    not_json(detail) = "{detail}";
    refused(reason) = "Not run: {reason}";
    other_problem = "Another task, size, batch or seed: older lines are not comparable and are dimmed.";
    too_many(count) = "At most {count} variants are kept: delete one first.";

    step_axis = "step t";
    loss_axis = "loss (nats)";
    rate_axis = "base learning rate";
    final_loss_axis = "final validation loss (nats)";
    diverged_band = "diverged";
    rate_bar = "Learning rates: choose a run";
    half_clipped = "This is a way to lower the learning rate: lower it instead.";
    axis_plot = "Final validation loss against base learning rate";
    axis_help = "★ lr*, × infeasible. Click a point to focus its run.";
    loss_plot = "Training loss against step";
    validation_plot = "Validation loss against step";
    log_x = "log x";
    log_y = "log y";
    which_loss = "Loss";
    loss_training = "training";
    loss_validation = "validation";
    column_step = "step";
    words_training = "Training goes on; move the cursor for numbers.";
    words_at(step) = "At step {step}:";
    words_nothing = "nothing";
    words_run(rate, value) = "the focused run, learning rate {rate}: {value}";
    words_least(rate, value) = "the least, learning rate {rate}: {value}";
    words_dead(dead, count) = "{dead} of {count} runs dead";
    rate_plot = "Learning rate";
    norm_plot = "Gradient norm, before clipping";
    clipped_share(threshold, share) = "λ = {threshold}: {share} % of updates clipped";
    clipped_short(share) = "{share} % clipped";
    table = "Table";
    save = "Save";
    save_svg = "Picture, SVG";
    save_png = "Picture, PNG";
    save_csv = "Numbers, CSV";
    column_variant = "variant";
    column_rate = "base learning rate";
    column_loss = "final validation loss";
    column_state = "state";
    state_waiting = "waiting";
    state_training(step) = "training, step {step}";
    verdict_died(step) = "diverged at step {step}";
    verdict_diverged = "infeasible: ended above its start";
    verdict_mid_instability = "mid-training instability";
    verdict_early_instability = "early instability";
    verdict_collapsed = "infeasible: at chance";
    verdict_not_yet_learned = "infeasible: not yet learned";
    verdict_above_chance = "infeasible: validation loss above chance";
    state_best = "lr*";
    verdict_stable = "stable";

    equations(step, rate) = "What runs at step {step}, base learning rate {rate}";
    rule_equation(name) = "Update rule: {name}";
    rule_own = "Your own rule…";
    rule_own_now(name) = "Your own rule: {name}";
    rule_edit = "Edit the rule";
    rule_text = "The update rule as text";
    rule_help =
        "A name; constants, each with its range; states, each with its first value; then one assignment a line, theta last. Given are g (the gradient), eta (the learning rate of the step) and t (the step, from 0).";
    rule_error(line, column, message) = "Line {line}, column {column}: {message}.";
    rule_at(line, column, message) = "line {line}, column {column}: {message}";
    rule_long(bytes, most) = "the rule has {bytes} bytes, but at most {most} are allowed";
    rule_unexpected(expected, found) = "expected {expected}, found {found}";
    found_text = "a quoted text";
    found_end = "the end of the line";
    expected_line = "`name`, `source`, `constant`, `state` or a name to assign";
    expected_end = "the end of the line or an operator";
    expected_text = "a text in double quotes";
    expected_name(role) = "the name of a {role}";
    expected_number = "a number such as 0.9 or 1e-8";
    expected_bound = "a number or `inf`";
    expected_in = "`in` and the range allowed, such as `in [0, 1)`";
    expected_range = "a range, such as `[0, 1)`";
    expected_range_end = "`]` or `)`";
    expected_operand = "a number, a name, a function, `-` or `(`";
    role_constant = "constant";
    role_state = "state";
    rule_no_name = "expected a line `name \"...\"`; the rule has no name";
    rule_empty_name = "the rule's name is empty; expected a text between the quotes";
    rule_repeated(name) = "the rule has a {name} already; expected one line `{name}`";
    rule_no_theta = "expected a last line `theta = ...`; the rule never assigns theta";
    rule_after_theta = "theta is assigned last; expected nothing after its line";
    rule_never(name) = "the state `{name}` is never assigned; expected a line `{name} = ...`";
    rule_twice(name) = "`{name}` is assigned already, and a name is assigned at most once; expected another name";
    rule_taken(name, taken, role) = "`{name}` {taken}; expected another name for the {role}";
    taken_keyword = "is a word of the language";
    taken_function = "is a function";
    taken_given = "is given to every rule and cannot be assigned";
    taken_parameter = "is the parameter itself";
    taken_constant = "is a constant already";
    taken_state = "is a state already";
    rule_unknown(name, known) = "nothing is named `{name}` up to here; there are {known}";
    rule_constants(most) = "a rule may declare at most {most} constants";
    rule_states(most) = "a rule may declare at most {most} states";
    rule_nodes(most) =
        "the rule has more than {most} numbers, names, operators and functions; expected a shorter one";
    rule_nesting(most) = "the expression is nested more than {most} deep";
    rule_infinite = "an infinite end of a range is open; expected `(` or `)` there";
    rule_default(name, value, range) = "the default of `{name}` is {value}; expected a value in {range}";
    rule_power(most) =
        "the power of a value that differs from parameter to parameter must be an integer from 1 to {most}, or minus one";
    rule_exponent = "the exponent differs from parameter to parameter; expected a scalar";
    rule_cosine = "cos of a value that differs from parameter to parameter; expected a scalar";
    rule_huge(written, most) = "the number {written} is too large; expected at most {most}";
    rule_character(written) = "`{written}` has no meaning here; expected a name, a number, an operator or `#`";
    rule_control = "the text holds a control character; expected printable ones";
    rule_fine = "This rule can run.";
    rule_commit = "Run as a new variant";
    rule_commit_key = "or Ctrl+Enter";
    rule_restart(name) = "Start again from {name}";
    warmup_on = "Warmup (on)";
    clipping_on = "Clipping (on)";
    block = "Block";
    probe = "One parameter, the probe";
    probe_what(name, index) =
        "Below the symbols: their values at the cursor for one parameter, the probe ({name}, index {index}).";
    symbol = "symbol";
    value = "value";
    rate_now = "η, this step";
    norm_now = "‖g‖ before clipping";
    scale_now = "clip scale";
    loss_now = "training loss";
    nothing_yet = "No numbers at this step yet.";
    run_is_dead = "This run is dead at this step: its parameters stand still.";

    happened = "What happened";
    happened_others(count) = "The other variants ({count})";
    still_training = "still training";
    sentence_edge(rate, loss, edge) =
        "lr* is {rate}, loss {loss}. The first run above it that blows up or never learns is {edge}.";
    sentence_unstable(rate, loss, unstable) =
        "lr* is {rate}, loss {loss}. Above it, {unstable} is the first learning rate that is unstable.";
    sentence_no_edge(rate, loss) = "lr* is {rate}, loss {loss}. Every learning rate above it in this grid is stable.";
    sentence_highest(rate, loss) = "lr* is {rate}, loss {loss}, the highest learning rate of this grid.";
    sentence_lowest = "It is the lowest of the grid: a lower learning rate may be better still.";
    sentence_one_step(name) = "That is one grid step from the lr* of {name}: a small difference, which another seed may turn round.";
    sentence_none = "No learning rate of this grid trains.";
    sentence_higher(factor, name) = "That is {factor} times the lr* of {name}.";
    sentence_lower(factor, name) = "That is 1/{factor} of the lr* of {name}.";
    sentence_same(name) = "The same lr* as {name}.";

    run = "Run";
    pause = "Pause";
    step = "Step";
    reset = "Reset";
    progress(step, steps) = "step {step} / {steps}";
    speed(rate) = "{rate} run-steps/s";
    transport = "Training and cursor";
    training = "Training";
    latest = "Latest";
    cursor = "Cursor: step";
    cursor_at(step) = "cursor at {step}";
    backend_cpu(workers) = "CPU · {workers} workers";
    backend_gpu = "WebGPU";
    backend_gpu_software = "WebGPU, software adapter";
    backend_gpu_missing(reason) = "WebGPU is unavailable ({reason}); using the CPU.";
    backend_page = "CPU · on the page itself";
    paused_hidden = "Paused while this tab is hidden; training goes on at the same step.";
    fault_on_page(reason) =
        "No worker can be started here ({reason}): the page itself trains, in short slices and more slowly.";
    fault_replaced(reason) =
        "A worker was lost ({reason}). Another one trains its runs again, to the same numbers; nothing is lost.";
    fault_respawned(reason) =
        "Workers ended before they trained anything ({reason}). New ones were started in another way.";
    no_room(megabytes) =
        "Not run: what the variants of a board record may take {megabytes} MB together. Delete one, or take fewer runs or steps.";
    no_room_here = "not trained: the board has no room for what it would record; delete a variant, then press Reset";
    link_asks(variants, runs, run_steps, megabytes) =
        "This link is large: {variants} variants, {runs} runs, {run_steps} run-steps, up to {megabytes} MB of memory. Nothing of it trains yet.";
    link_start = "Train it";
    starting = "starting";
    failed(reason) = "failed: {reason}";
    bench = "How fast training is here";
    bench_running(work) = "measuring {work} …";
    bench_done = "done";
    bench_work = "work";
    bench_backend = "backend";
    bench_runs = "runs";
    bench_steps = "steps";
    bench_seconds = "seconds";
    bench_speed = "run-steps per second";
    bad_fragment(what) = "The address cannot be read: {what}. This is the default board.";
    bad_fragment_kept(what) = "The address cannot be read: {what}. The board stays as it was.";
    locked(name) = "{name} is locked by the address of this page: it stays as it is.";
    bad_query(what) = "Part of the address is not used: {what}.";
    link_too_long(bytes, most) = "a link of {bytes} bytes, and at most {most} are read";
    link_key(key, allowed) = "{key} is not known; allowed are {allowed}";
    link_twice(key) = "{key} stands there twice; once is allowed";
    link_encoding(key) = "{key} has a broken percent-encoding (allowed: % and two hexadecimal digits, UTF-8)";
    link_value(key, value, allowed) = "{key}={value} is not allowed; allowed: {allowed}";
    link_experiment(key, place, reason) = "{key} {place}: {reason}";
    link_same(first, second) = "variants {first} and {second} are the same";
    link_variants(count, most) = "{count} variants, and at most {most} are kept";

    places = "Places";
    place_lab = "Lab";
    place_chapter = "Chapter";
    contents = "Contents";
    glossary = "Glossary";
    glossary_all = "All entries";
    close = "Close";
    explain(term) = "What is {term}?";
    answer_right = "Right.";
    answer_wrong = "Not quite: try another answer.";
    run_it = "Run it";
    figure_changed = "With a number of your own in it; whether the claim held is counted for the figure as it is.";
    figure_trains = "It trains …";
    another_seed = "Run it with another seed";
    open_in_lab = "Open in the lab";
    held_on(held, count) = "The claim held on {held} of {count} seeds, just now.";
    skip = "Skip to what to try next";
    switches = "What moves the edge";
    stories = "Stories";
    stories_help = "Each opens a board. What was on the board comes back with Undo.";
    story_4 = "Figure 4: one stride changed";
    story_line_4 = "A stride of 1 instead of 2 makes high learning rates unstable and low ones better; warmup mends it.";
    story_4_norm = "Figure 4, another change";
    story_line_4_norm = "The norm inside the branch instead of before it: the same story with another cause.";
    story_5 = "Figure 5: early instability";
    story_line_5 = "A spike in the first twenty steps, which evaluations every hundred steps never see.";
    story_6 = "Figure 6: how long a warmup?";
    story_line_6 = "One learning rate, warmups from 1 to 1000 steps: the shortest that survives is enough.";
    story_7a = "Figure 7a: the edge";
    story_line_7a = "A residual network without a norm: its best learning rate lies right beside the edge.";
    story_7b = "Figure 7b: instability in mid-training";
    story_line_7b = "A loss that falls, then rises again while the learning rate is still climbing.";
    story_8 = "Figure 8: where the norm sits";
    story_line_8 = "Post-norm, pre-norm, warmup: each moves the best learning rate of a transformer.";
    story_9 = "Figure 9: gradient clipping";
    story_line_9 = "A learning rate ten times too high learns once the gradient is clipped.";
    story_initialisation = "Bad initialisation";
    story_line_initialisation = "Initial weights three times too large: clipping mends it, warmup alone does not.";
    story_adam_deep = "Adam on a deep network";
    story_line_adam_deep = "Twenty blocks without a norm: Momentum learns at no rate of the grid, Adam at several.";
    story_batch_size = "Batch size";
    story_line_batch_size = "Several batch sizes at one learning rate: most of the gap is tuning.";

    share = "Share";
    share_copied = "The link to this board is copied.";
    share_refused = "The browser does not let the page copy. Copy the link from here:";
    share_link = "Link to this board";
    share_too_long(what) =
        "This board is too large for a link: {what}. The address no longer follows it; delete variants with a long rule of their own.";

    guide = "What to try, and what happened";
    equations_panel = "Equations";
    figure_panel = "A figure of the chapter, with its claim";
    begin_click = "once it is clicked";
    begin_visible = "once it is in sight";
    embed = "Embed";
    embed_title = "This board in another page";
    embed_help = "Copy these lines into the HTML of a page, a lesson or a book. The frame trains only while it is in sight.";
    embed_show = "It shows";
    embed_lock = "Readers cannot change";
    embed_begin = "It trains";
    embed_html = "HTML";
    embed_look = "Look at it in a tab";
    copy = "Copy";
    copied = "Copied.";
    copy_refused = "The browser does not let the page copy; the lines are selected.";
    open_in_brink = "Open in Brink";
    begin_load = "at once";
    procedures = "Procedures";
    procedures_help =
        "What the playbook tells somebody to do about an unstable network, step by step, on the variant in focus. Nothing on the board changes.";
    procedure_on(name) = "On {name}.";
    procedure_start = "Start";
    procedure_again = "Start again";
    procedure_cancel = "Cancel";
    procedure_trains(name) = "Training: {name}.";
    procedure_arms(count) = "{count} trained so far.";
    procedure_cancelled = "Cancelled. What was trained so far stands below.";
    procedure_nothing_feasible =
        "No learning rate of this grid is feasible. Lower the grid under Network and budget, then start again.";
    procedure_nothing_unstable =
        "No learning rate above lr* is unstable, so there is nothing to fix. Raise the grid under Network and budget, then start again.";
    procedure_failed(reason) = "It stopped: {reason}.";
    procedure_found = "What it found";
    procedure_put = "Put on the board";
    procedure_put_all = "Put all on the board";
    procedure_put_one(name) = "Put on the board: {name}";
    procedure_back = "Back to the lab";
    procedure_target = "Target, as a multiple of the first unstable learning rate";
    procedure_target_down = "10, and lower ones where nothing survives";
    yes = "yes";
    no = "no";
    procedure_diagnose = "Diagnose";
    procedure_about_diagnose =
        "The whole way in one: sweep the learning rates, see whether lr* sits at the edge, name the instability above it, then try each fix that fits, in the order of the playbook, and see what each buys.";
    procedure_sweep = "Sweep";
    procedure_about_sweep =
        "Trains the grid of learning rates, refines it around lr*, and looks at the curves at 1, 2, 5 and 10 lr*.";
    procedure_early_check = "Early check";
    procedure_about_early_check =
        "Trains 500 steps at twice lr* and evaluates every one of them. Evaluating every hundredth step, as one often does, may miss what happens there.";
    procedure_warmup = "Search the shortest warmup";
    procedure_about_warmup =
        "Aims at ten times the first unstable learning rate, lengthens warmup until a run survives and learns, puts that warmup before the training you have, and compares best checkpoints, also with as many steps without warmup.";
    procedure_clip = "Choose a clip threshold";
    procedure_about_clip =
        "Looks at the gradient norms at lr*, clips at their 90th percentile and tighter, and says how many updates that clips and which learning rate would do the same. Then it tries what the playbook leaves open: clipping during warmup, and a threshold that follows the norms.";
    procedure_initialisation = "Bad initialisation";
    procedure_about_initialisation =
        "Makes the initial weights three times too large, then mends that by warmup, by clipping, and by both.";
    procedure_compare = "Compare optimizers fairly";
    procedure_about_compare =
        "Six rules, each at its own best learning rate, on the same seed and batches; and the unfair comparison, all at one learning rate.";
    procedure_batch_size = "Compare batch sizes";
    procedure_about_batch_size =
        "Batch sizes 8, 32 and 64 over the same number of epochs: first all at one learning rate, then each at its own. What is left of the gap is what batch size itself does.";
    report_sweep(rate, loss) = "Refined, lr* is {rate}, with a final validation loss of {loss}.";
    report_at_edge = "lr* sits at the edge: fixing the instability is likely to help.";
    report_not_at_edge = "lr* does not sit at the edge: the instability above it may not be what limits this network.";
    report_check(rate, first, highest) = "At {rate} the loss began at {first} and rose as high as {highest}.";
    report_check_diverged(rate) =
        "At {rate} the run diverged for good, which nobody can miss. Early instability hides between evaluations where a run recovers from it: the check at a lower learning rate may show one.";
    report_infeasible(names) = "No learning rate of this grid is feasible for: {names}.";
    report_check_missed =
        "Evaluating every hundredth step would have missed the rise: early instability hides between evaluations.";
    report_check_seen = "Evaluating every hundredth step would have shown a rise, too.";
    report_check_calm = "It never rose above its first value: no early instability at this learning rate.";
    report_warmup(steps, rate) = "The shortest warmup that survives {rate} has {steps} steps.";
    report_warmup_losses(warm, base, matched) =
        "Best checkpoints: {warm} with it, {base} without, {matched} with as many steps without.";
    report_warmup_long =
        "It is longer than 10 % of the training, which is outside the advice of the playbook: take a lower target.";
    report_warmup_more = "It takes more than 5 % of the training: give the training as many steps more.";
    report_warmup_short = "It takes less than 5 % of the training: no more steps are needed.";
    report_no_warmup =
        "No warmup up to the longest that was tried survives, at any of the targets. Try another fix first: clipping, or a norm.";
    report_clip(tight) = "More than half of the updates at lr* are clipped by: {tight}. That is a way to lower the learning rate, and the playbook says to lower it instead; the lr* of each is in the table.";
    report_clip_fine = "No threshold that was tried clips more than half of the updates.";
    report_batch(fixed, tuned) = "At one learning rate the losses lie {fixed} apart; with each tuned, {tuned}.";
    report_calm(rate) =
        "lr* is {rate}, and no learning rate of this grid above it is unstable: nothing is to be fixed. Widen the grid to look further.";
    report_star(rate, unstable) = "lr* is {rate}; {unstable} is the first learning rate above it that is unstable.";
    report_best(name, loss) = "Lowest final validation loss, each at its own lr*: {name}, with {loss}.";
    fact_advised = "within the advice of the playbook (at most 10 %)";
    fact_at_edge = "lr* is at the edge";
    fact_best_baseline = "best checkpoint of the baseline";
    fact_best_loss_at_star = "best checkpoint at lr*";
    fact_best_matched = "best checkpoint of as many steps without warmup";
    fact_best_warm = "best checkpoint with warmup put before";
    fact_check_rate = "learning rate of the check";
    fact_clipped_at_star = "fraction of updates clipped at lr*";
    fact_equal_rate = "learning rate that would do the same";
    fact_final_loss_at_rate = "final validation loss at that learning rate";
    fact_final_loss_at_star = "final validation loss at lr*";
    fact_first_loss = "first loss";
    fact_gap_fixed = "gap at one learning rate";
    fact_gap_tuned = "gap, each tuned";
    fact_highest_loss = "highest loss, every step";
    fact_highest_loss_seldom = "highest loss, every 100th step";
    fact_highest_of_grid = "lr* is the highest of the grid";
    fact_highest_step = "step of the highest loss";
    fact_instability = "instability above lr*";
    fact_lower_rate_instead = "lower the learning rate instead";
    fact_lower_rate_loss = "final validation loss of that lower learning rate, unclipped";
    fact_lowest_of_grid = "lr* is the lowest of the grid";
    fact_more_steps = "more steps advised (over 5 %)";
    fact_norm_percentile = "gradient norm at lr*, percentile";
    fact_one_rate = "one learning rate for all";
    fact_refined_star = "lr*, refined";
    fact_seen = "a rise is seen, every step";
    fact_seen_seldom = "a rise is seen, every 100th step";
    fact_shortest_warmup = "shortest warmup that survives, at this multiple";
    fact_star = "lr*";
    fact_target_rate = "target learning rate";
    fact_unstable_rate = "unstable_base_learning_rate";
    fact_verdict = "verdict";
    fact_warmup_found = "a warmup was found";
    fact_warmup_fraction = "warmup as a fraction of max_train_steps";
    fact_warmup_steps = "warmup_steps";
    fact_working_range = "working range (highest by lowest feasible)";

    undo = "Undo";
    redo = "Redo";

    variants = "Variants, named by what differs";
    hide(name) = "Hide {name}";
    show(name) = "Show {name}";
    delete(name) = "Delete {name}";
    focus(name) = "Focus {name}";
    no_warmup = "no warmup";
    with_warmup(value) = "warmup {value}";
    no_clipping = "no clipping";
    with_clipping(value) = "clip {value}";
    named_norm(value) = "norm {value}";
    named_no_norm = "no norm";
    named_clip_warmup = "clip from the start";
    named_no_clip_warmup = "clip after warmup";
    named_clip_window(steps) = "clip at P90 of {steps} steps";
    named_no_clip_window = "fixed clip threshold";
    named_final_norm = "final norm";
    named_no_final_norm = "no final norm";
    named_branch(value) = "branch {value}";
    named_depth(value) = "depth {value}";
    named_width(value) = "width {value}";
    named_label_noise(value) = "label noise {value}";
    named_length(value) = "length {value}";
    named_vocabulary(value) = "vocabulary {value}";
    named_outlier(step) = "outlier at step {step}";
    named_no_outlier = "no outlier";
    named_outlier_factor(value) = "outlier ×{value}";
    named_heads(value) = "heads {value}";
    named_mlp_width(value) = "MLP width {value}";
    named_stem(value) = "stem {value}";
    named_channels(block, value) = "channels {block}: {value}";
    named_stride(block, value) = "stride {block}: {value}";
    named_head(value) = "head ×{value}";
    named_full_gradient(value) = "full gradient every {value}";
    named_critical(value) = "critical rate every {value}";
    named_scale(value) = "initial scale {value}";
    named_batch(value) = "batch {value}";
    named_steps(value) = "{value} steps";
    named_seed(value) = "seed {value}";
    named_validation(value) = "validated every {value} steps";
    named_run(rate) = "rate {rate}";
    named_runs(count) = "{count} runs of its own";
    named_rates(low, high) = "rates {low}–{high}";
}
