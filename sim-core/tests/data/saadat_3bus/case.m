function mpc = saadat3
% Example 6.7; loads in kW and ohms on 100 kV so that the conversions of units are read too.
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
	1	3	0	0	0	0	1	1.05	0	100	1	1.1	0.9
	2	1	256.6e3	110.2e3	0	0	1	1	0	100	1	1.1	0.9
	3	1	138.6e3	45.2e3	0	0	1	1	0	100	1	1.1	0.9
];
mpc.gen = [ 1 0 0 Inf -Inf 1.05 100 1 1000 0 ];
mpc.branch = [
	1	2	2	4	0	500	0	0	0	0	1	-360	360;
	1	3	1	3	0	500	0	0	0	0	1	-360	360;
	2	3	5/4	2.5	0	500	0	0	0	0	1	-360	360;
];
[PQ, PV, REF, NONE, BUS_I, BUS_TYPE, PD, QD, GS, BS, BUS_AREA, VM, ...
    VA, BASE_KV] = idx_bus;
[F_BUS, T_BUS, BR_R, BR_X] = idx_brch;
Vbase = mpc.bus(1, BASE_KV) * 1e3;
mpc.branch(:, [BR_R BR_X]) = mpc.branch(:, [BR_R BR_X]) / (Vbase^2 / (mpc.baseMVA * 1e6));
mpc.bus(:, [PD, QD]) = mpc.bus(:, [PD, QD]) / 1e3;
