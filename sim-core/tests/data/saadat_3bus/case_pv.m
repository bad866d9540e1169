function mpc = saadat3pv
% Example 6.8: as 6.7, but bus 3 is a generator of 200 MW at 1.04 pu, and the load at bus 2 is larger.
mpc.version = '2';
mpc.baseMVA = 100;
mpc.bus = [
	1	3	0	0	0	0	1	1.05	0	0	1	1.1	0.9;
	2	1	400	250	0	0	1	1	0	0	1	1.1	0.9;
	3	2	0	0	0	0	1	1	0	0	1	1.1	0.9;
];
mpc.gen = [
	1	0	0	Inf	-Inf	1.05	100	1	1000	0;
	3	200	0	140	-140	1.04	100	1	1000	0;
];
mpc.branch = [
	1	2	0.02	0.04	0	0	0	0	0	0	1	-360	360;
	1	3	0.01	0.03	0	0	0	0	0	0	1	-360	360;
	2	3	0.0125	0.025	0	0	0	0	0	0	1	-360	360;
];
