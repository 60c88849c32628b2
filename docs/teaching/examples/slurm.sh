#!/bin/bash
# Grades a class as a Slurm array of eight parts, then joins them:
#
#     jobid=$(sbatch --parsable slurm.sh)
#     sbatch --dependency=afterok:$jobid --wrap \
#         'make merge-class STEP=03 PARTS="build/parts/1 build/parts/2 ..."'
#
#SBATCH --job-name=staircase
#SBATCH --array=1-8
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=00:30:00
set -eu
cd "$SLURM_SUBMIT_DIR"
part=$SLURM_ARRAY_TASK_ID
make grade-class STEP=03 SUBMISSIONS=submissions SEED=2026 JOBS=2 \
    SHARD="$part/8" OUT="build/parts/$part" BUILD="build/of-$part"
