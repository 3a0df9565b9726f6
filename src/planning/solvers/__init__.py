"""What talks to OR-Tools CP-SAT and HiGHS: one model in whole numbers, two solvers behind one signature."""
