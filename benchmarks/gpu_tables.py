"""The tables of `gpu.py`, written from what it has saved."""

import pconv

PRECISIONS = {  # name: dtype policy, precision of products in float32
    "TF32": ("float32", "default"),
    "float32": ("float32", "highest"),
    "bfloat16": ("mixed_bfloat16", "default"),
}
FORWARD, STEP = "forward", "training step"


def bound_by_host(kept):
    """A sentence on the measurements in which starting the calls took most of the time."""
    found = []

    def look(value, *path):
        if isinstance(value, dict):
            if value.get("host", 0) > 0.9:
                found.append(", ".join(path))
            for name, inner in value.items():
                look(inner, *path, name)

    look(kept)
    if found:
        yield f"In these, Python needed more than 0.9 of the time to start the calls: {'; '.join(found)}.\n"


def rows_of(*rows):
    """Lines of a table; its first row is the head."""
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return [lines[0], f"|:---|{'---:|' * (len(rows[0]) - 1)}", *lines[1:], ""]


def pconv_markdown(kept):
    names = {
        "layers": "PConv2D / Conv2D",
        "levels": "PConv2DUp / UpSampling2D, Concatenate, Conv2D",
        "networks": "pconv_unet / the same U-Net of plain layers",
    }
    for table, cases in kept.items():
        rows, more = [], {}
        for case, ways in cases.items():
            rows.append(
                (case, *(ways[way]["partial"]["ms"] / ways[way]["plain"]["ms"] for way in (FORWARD, STEP)))
            )
            plain, partial = (ways[STEP][kind] for kind in ("plain", "partial"))
            memory = f"{plain['MiB']:.1f}", f"{partial['MiB']:.1f}"
            more[case] = f"{ways[FORWARD]['plain']['ms']:.3g}", f"{plain['ms']:.3g}", *memory
        rows = pconv.with_mean(rows) if len(rows) > 1 else rows
        cells = [(name, *(f"{r:.2f}" for r in ratios), *more.get(name, [""] * 4)) for name, *ratios in rows]
        times, memory = (f"plain: {FORWARD}, ms", f"{STEP}, ms"), ("it needs, MiB", "partial, MiB")
        yield from rows_of((names[table], FORWARD, STEP, *times, *memory), *cells)


def networks_markdown(kept):
    first, *others = PRECISIONS
    head = "network", "", f"{first}, ms", *(f"{name}, ×" for name in others)
    rows = []
    for name, ways in kept.items():
        for way, row in ways.items():
            ratios = [f"{row[other]['ms'] / row[first]['ms']:.2f}" for other in others]
            speeds = [f"{row[variant]['images per second']:,.0f}" for variant in PRECISIONS]
            rows.append((name, way, f"{row[first]['ms']:.2f}", *ratios, *speeds))
    yield from rows_of((*head, *(f"{name}, images/s" for name in PRECISIONS)), *rows)


def tf32_markdown(kept):
    kinds = "largest", "mean"
    rows = [
        (name, *(f"{row[variant][kind]:.1e}" for variant in ("TF32", "float32") for kind in kinds))
        for name, row in kept["ssim"].items()
    ]
    head = "error of SSIM, of one image", "TF32: largest", "mean", "float32: largest", "mean"
    yield from rows_of(head, *rows)
    times = kept["ssim time"]
    yield f"SSIM in float32 takes {times['float32']['ms'] / times['TF32']['ms']:.2f} of its time with TF32.\n"
    rows = [
        (
            name,
            *(f"{row['values'][kind]:.1e}" for kind in kinds),
            f"{row['SSIM']:.4f}",
            f"{row['SSIM differs']['largest']:.1e}",
            f"{row['hole PSNR']:.3f}",
            f"{row['hole PSNR differs']['largest']:.4f}",
        )
        for name, row in kept["fills"].items()
    ]
    head = f"fills of {kept['weights']}, compared with float32", "largest difference", "mean"
    yield from rows_of((*head, "SSIM", "differs by at most", "hole PSNR, dB", "differs by at most"), *rows)


def shapes_markdown(kept):
    yield from rows_of(
        ("", "compilations", "seconds"), *((name, len(s), f"{sum(s):.1f}") for name, s in kept.items())
    )


def markdown(results):
    write = {
        "pconv": pconv_markdown,
        "networks": networks_markdown,
        "tf32": tf32_markdown,
        "shapes": shapes_markdown,
    }
    for part, function in write.items():
        if part in results:
            kept = results[part]
            yield f"**{part}**: {kept['about']}\n"
            yield from function(kept["tables"])
            yield from bound_by_host(kept["tables"])
